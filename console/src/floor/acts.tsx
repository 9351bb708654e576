// Acts of a supervisor upon a call: listen, whisper, barge in, take it over, move the caller, end it.
import { useState } from "preact/hooks";
import { part, post } from "../api/client";
import type { CallView } from "../api/types";
import { targets } from "../desk/reach";
import { myself, phones } from "../house";
import { Confirm, Dialog } from "../parts/small";
import { attempt } from "../sayings";
import { phone, t } from "../words";

export interface Act {
  kind: "listen" | "whisper" | "barge" | "take" | "move" | "end";
  call: CallView;
}

export function CallActs({ act, close }: { act: Act; close: () => void }) {
  const call = act.call;
  const name = call.caller_name || phone(call.caller);
  if (act.kind === "end")
    return (
      <Confirm title={t("act.end-whom", { name })} text={t("act.end.more")} act={t("act.end")} close={close}
        sure={() => void attempt(() => post(`/calls/${part(call.id)}/hang-up`))} />
    );
  if (act.kind === "move" || act.kind === "take") return <Move act={act} name={name} close={close} />;
  return <Join kind={act.kind} call={call} name={name} close={close} />;
}

/** The phone one listens with: one's own, else the one chosen last. */
function usePhone(): [string, (extension: string) => void] {
  const [extension, setExtension] = useState(myself.value?.phone ?? localStorage.getItem("ear") ?? "");
  return [
    extension,
    (chosen) => {
      setExtension(chosen);
      localStorage.setItem("ear", chosen);
    },
  ];
}

function PhonePicker({ value, set }: { value: string; set: (extension: string) => void }) {
  return (
    <label class="field">
      <span>{t("act.with-phone")}</span>
      <select class="input" required value={value} onChange={(event) => set(event.currentTarget.value)}>
        <option value="">{t("none")}</option>
        {phones.value.map((one) => (
          <option key={one.extension} value={one.extension} disabled={!one.contacts.length}>
            {one.extension} {one.display_name}
            {!one.contacts.length && ` – ${t("phone.not-there")}`}
          </option>
        ))}
      </select>
    </label>
  );
}

const MODES = ["listen", "whisper", "barge"] as const;

function Join(props: { kind: (typeof MODES)[number]; call: CallView; name: string; close: () => void }) {
  const [mode, setMode] = useState(props.kind);
  const [extension, setExtension] = usePhone();
  const order = (wanted: (typeof MODES)[number]) => {
    setMode(wanted);
    return attempt(() => post(`/calls/${part(props.call.id)}/monitor`, { phone: extension, mode: wanted }), t(`act.${wanted}.done`));
  };
  return (
    <Dialog title={t("act.join-whom", { name: props.name })} close={props.close}>
      <PhonePicker value={extension} set={setExtension} />
      <div class="stack">
        {MODES.map((one) => (
          <button key={one} class={`button${one === mode ? " main" : ""}`} type="button" disabled={!extension} onClick={() => void order(one)}>
            {t(`act.${one}`)} <span class="small">{t(`act.${one}.more`)}</span>
          </button>
        ))}
      </div>
      <p class="small soft">{t("act.join.keys")}</p>
      <div class="buttons">
        <button class="button" type="button" onClick={props.close}>
          {t("act.close")}
        </button>
      </div>
    </Dialog>
  );
}

function Move({ act, name, close }: { act: Act; name: string; close: () => void }) {
  const taking = act.kind === "take";
  const [extension, setExtension] = usePhone();
  const [text, setText] = useState("");
  const leg = act.call.direction === "outgoing" ? "called" : "caller";
  const move = (number: string) => {
    close();
    void attempt(() => post(`/calls/${part(act.call.id)}/transfer`, { to: number, leg }), t("act.moved"));
  };
  return (
    <Dialog title={t(taking ? "act.take-whom" : "act.move-whom", { name })} close={close}>
      {taking ? (
        <PhonePicker value={extension} set={setExtension} />
      ) : (
        <>
          <label class="field">
            <span>{t("reach")}</span>
            <input class="input" type="search" autofocus value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
          <ul class="tasks">
            {targets(text).map((target) => (
              <li key={target.id}>
                <span class="grow strong">{target.name}</span>
                <span class="soft number">{target.number}</span>
                <button class="button small" type="button" onClick={() => move(target.number)}>
                  {t("act.move")}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <div class="buttons">
        <button class="button" type="button" onClick={close}>
          {t("act.cancel")}
        </button>
        {taking && (
          <button class="button main" type="button" disabled={!extension} onClick={() => move(extension)}>
            {t("act.take")}
          </button>
        )}
      </div>
    </Dialog>
  );
}
