// One's own status: what it is, since when, and choosing another.
import { ChevronDown } from "lucide-preact";
import { useState } from "preact/hooks";
import { part, put } from "../api/client";
import { me } from "../api/session";
import type { AgentView } from "../api/types";
import { myself } from "../house";
import { AgentLamp } from "../parts/lamp";
import { Dialog, Menu, Since } from "../parts/small";
import { attempt } from "../sayings";
import { t } from "../words";

export const STATUSES = ["available", "break", "lunch", "not-ready", "logged-out"] as const;
export type Status = (typeof STATUSES)[number];

export function setStatus(agent: string, status: Status, reason = ""): Promise<boolean> {
  return attempt(() => put(`/agents/${part(agent)}/status`, { status, reason }));
}

export function StatusMenu() {
  const agent = myself.value;
  const [asking, setAsking] = useState(false);
  if (!agent) return <></>;
  return (
    <>
      <Menu
        label={t("status.choose")}
        kind="button status"
        named
        button={<Shown agent={agent} />}
        choices={[
          ...STATUSES.map((status) => ({
            label: t(`status.${status}`),
            checked: agent.status === status && !agent.reason,
            apart: status === "logged-out",
            act: () => void setStatus(agent.name, status),
          })),
          { label: t("status.with-reason"), apart: true, act: () => setAsking(true) },
        ]}
      />
      {asking && <ReasonDialog close={() => setAsking(false)} />}
    </>
  );
}

function Shown({ agent }: { agent: AgentView }) {
  return (
    <>
      <AgentLamp agent={agent} />
      {agent.reason && <span class="soft clip">{agent.reason}</span>}
      <Since at={agent.since} />
      <ChevronDown size={16} aria-hidden="true" />
    </>
  );
}

const REMEMBERED = 6;

function reasons(): string[] {
  return JSON.parse(localStorage.getItem("reasons") ?? "[]") as string[];
}

function ReasonDialog({ close }: { close: () => void }) {
  const [reason, setReason] = useState("");
  const choose = (word: string) => {
    const kept = [word, ...reasons().filter((one) => one !== word)].slice(0, REMEMBERED);
    localStorage.setItem("reasons", JSON.stringify(kept));
    close();
    void setStatus(me.value, "not-ready", word);
  };
  return (
    <Dialog title={t("status.reason")} close={close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim()) choose(reason.trim());
        }}
      >
        <label class="field">
          <span>{t("status.reason.word")}</span>
          <input class="input" maxLength={100} autofocus value={reason} list="reasons"
            onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <div class="row">
          {reasons().map((word) => (
            <button key={word} class="button small" type="button" onClick={() => choose(word)}>
              {word}
            </button>
          ))}
        </div>
        <div class="buttons">
          <button class="button" type="button" onClick={close}>
            {t("act.cancel")}
          </button>
          <button class="button main" type="submit" disabled={!reason.trim()}>
            {t("status.not-ready")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
