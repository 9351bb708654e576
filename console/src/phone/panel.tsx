// The phone of the desk: its lines, what can be done with each, and what to do when it does not work.
import { Grid3x3, Mic, MicOff, MonitorSmartphone, Pause, Phone, PhoneCall, PhoneForwarded, PhoneIncoming, PhoneOff,
  PhoneOutgoing, Play, Users, Volume2 } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { part, post } from "../api/client";
import { calls, myself } from "../house";
import { Lamp, type Tone } from "../parts/lamp";
import { Empty, Menu, Since } from "../parts/small";
import { attempt } from "../sayings";
import { clockOffset } from "../ticking";
import { phone as spelled, t } from "../words";
import { answer, choose, connect, hangUp, join, joined, type Line, lines, press, start, state, toggleHold, toggleMute,
  where } from "./phone";
import { setVolume, volume } from "./ring";

const TONES: Record<string, Tone> = { ready: "ready", starting: "away", lost: "alarm", refused: "alarm", deaf: "alarm", off: "out" };

export function PhonePanel() {
  useEffect(() => void start(), []);
  const live = lines.value.filter((line) => line.state !== "over");
  const desk = where.value === "desk";
  return (
    <section class="panel phone" aria-label={t("phone")}>
      <header>
        <h2>{t("phone")}</h2>
        <Lamp tone={desk ? "away" : (TONES[state.value] ?? "out")}>{t(desk ? "phone.desk" : `phone.is.${state.value}`)}</Lamp>
        <span class="grow" />
        <Menu
          label={t("phone.which")}
          kind="button plain small"
          button={<MonitorSmartphone size={18} aria-hidden="true" />}
          choices={[
            { label: t("phone.use-browser"), checked: !desk, act: () => choose("browser") },
            { label: t("phone.use-desk"), checked: desk, act: () => choose("desk") },
            { label: t("phone.bell-loud"), icon: Volume2, apart: true, checked: volume.value > 0.5, act: () => setVolume(0.8) },
            { label: t("phone.bell-soft"), checked: volume.value > 0 && volume.value <= 0.5, act: () => setVolume(0.25) },
            { label: t("phone.bell-off"), checked: volume.value === 0, act: () => setVolume(0) },
          ]}
        />
      </header>
      <Trouble />
      {live.map((line) => (
        <OneLine key={line.id} line={line} among={live} />
      ))}
      {!live.length && (desk ? <DeskPhone /> : <Idle />)}
    </section>
  );
}

function Trouble() {
  if (where.value === "desk") return <></>;
  const word = ({ lost: "phone.help.lost", refused: "phone.help.refused", deaf: "phone.help.deaf" } as const)[state.value as "lost"];
  if (!word) return <></>;
  return (
    <div class="inside">
      <div class="notice" role="alert">
        <Phone size={18} aria-hidden="true" />
        <span class="grow">{t(word)}</span>
        <button class="button small" type="button" onClick={() => location.reload()}>
          {t("phone.retry")}
        </button>
      </div>
    </div>
  );
}

function Idle() {
  const agent = myself.value;
  const ready = agent?.status === "available";
  return (
    <Empty icon={PhoneIncoming} title={t(ready ? "phone.quiet" : "phone.not-offered")}>
      {t(ready ? "phone.quiet.more" : "phone.not-offered.more")}
    </Empty>
  );
}

/** The phone on the desk rings and is spoken into; what can be done by click is done by the switch. */
function DeskPhone() {
  const agent = myself.value;
  const call = calls.value.find(({ id }) => id === agent?.call);
  if (!call) return <Idle />;
  return (
    <div class="line" data-tone={call.phase === "talking" ? "talking" : "ringing"}>
      <div class="grow">
        <div class="who clip">{call.caller_name || spelled(call.caller)}</div>
        <div class="soft">
          {t("phone.on-desk")} <Since at={call.since} />
        </div>
      </div>
      <button class="button end" type="button" onClick={() => void attempt(() => post(`/calls/${part(call.id)}/hang-up`))}>
        <PhoneOff size={18} aria-hidden="true" /> {t("phone.hang-up")}
      </button>
    </div>
  );
}

function OneLine({ line, among }: { line: Line; among: readonly Line[] }) {
  const [pad, setPad] = useState(false);
  const ringing = line.state === "ringing";
  const other = among.find((one) => one.id !== line.id && one.state === "up");
  const Direction = line.incoming ? PhoneIncoming : PhoneOutgoing;
  const word = ringing || line.state === "dialling" ? line.state : joined.value ? "joined" : line.held ? "held" : "up";
  return (
    <article class={`line${line.held ? " held" : ""}`} data-tone={ringing || line.state === "dialling" ? "ringing" : "talking"}
      aria-label={line.name || line.number}>
      <div class="row tight">
        <Direction size={26} strokeWidth={1.75} aria-hidden="true" class={ringing ? "pulse" : ""} />
        <div class="grow">
          <div class="who clip">{line.name || spelled(line.number)}</div>
          <div class="soft clip">
            {line.name && line.name !== line.number ? `${spelled(line.number)} · ` : ""}
            {t(`phone.state.${word as "up"}`)}
          </div>
        </div>
        <div class="time">
          <Since at={line.since + clockOffset.value} />
        </div>
      </div>
      <div class="row">
        {ringing && (
          <button class="button answer big grow" type="button" onClick={() => void answer(line.id)}>
            <PhoneCall size={20} aria-hidden="true" /> {t("phone.answer")} <kbd class="key">F2</kbd>
          </button>
        )}
        {line.state === "up" && (
          <>
            <button class="button" type="button" aria-pressed={line.held} onClick={() => void toggleHold(line.id)}>
              {line.held ? <Play size={18} aria-hidden="true" /> : <Pause size={18} aria-hidden="true" />}
              {t(line.held ? "phone.resume" : "phone.hold")} <kbd class="key">F4</kbd>
            </button>
            <button class="button" type="button" aria-pressed={line.muted} onClick={() => toggleMute(line.id)}>
              {line.muted ? <MicOff size={18} aria-hidden="true" /> : <Mic size={18} aria-hidden="true" />}
              {t(line.muted ? "phone.unmute" : "phone.mute")} <kbd class="key">F9</kbd>
            </button>
            <button class="button" type="button" aria-expanded={pad} onClick={() => setPad(!pad)}>
              <Grid3x3 size={18} aria-hidden="true" /> {t("phone.keypad")}
            </button>
          </>
        )}
        {line.about && other && line.state === "up" && (
          <>
            <button class="button main" type="button" onClick={() => connect(other.id, line.id)}>
              <PhoneForwarded size={18} aria-hidden="true" /> {t("transfer.connect")}
            </button>
            <button class="button" type="button" aria-pressed={joined.value} onClick={() => void join(other.id, line.id)}>
              <Users size={18} aria-hidden="true" /> {t("transfer.join")}
            </button>
          </>
        )}
        <button class={`button end${ringing ? " big" : ""}`} type="button" onClick={() => hangUp(line.id)}>
          <PhoneOff size={18} aria-hidden="true" /> {t(ringing ? "phone.decline" : "phone.hang-up")} <kbd class="key">F8</kbd>
        </button>
      </div>
      {pad && line.state === "up" && <Keypad pressed={(key) => press(line.id, key)} />}
    </article>
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export function Keypad({ pressed }: { pressed: (key: string) => void }) {
  const [typed, setTyped] = useState("");
  const push = (key: string) => {
    setTyped((before) => (before + key).slice(-20));
    pressed(key);
  };
  return (
    <div class="keypad" role="group" aria-label={t("phone.keypad")}>
      <output class="number">{typed || " "}</output>
      {KEYS.map((key) => (
        <button key={key} class="button" type="button" onClick={() => push(key)}>
          {key}
        </button>
      ))}
    </div>
  );
}
