// A call that goes on while another page is looked at.
import { Mic, MicOff, Pause, PhoneCall, PhoneOff, Play } from "lucide-preact";
import { Since } from "../parts/small";
import { to } from "../route";
import { clockOffset } from "../ticking";
import { phone, t } from "../words";
import { answer, current, hangUp, toggleHold, toggleMute } from "./phone";

export function CallStrip() {
  const line = current.value;
  if (!line) return <></>;
  const ringing = line.state === "ringing";
  return (
    <section class={`strip${ringing ? " ringing" : ""}`} aria-label={t("phone")}>
      <PhoneCall size={18} aria-hidden="true" class={ringing ? "pulse" : ""} />
      <a href={to("desk")} class="strong">
        {line.name || phone(line.number)}
      </a>
      <span>{t(ringing ? "phone.state.ringing" : line.held ? "phone.state.held" : `phone.state.${line.state}`)}</span>
      <Since at={line.since + clockOffset.value} />
      <span class="grow" />
      {ringing ? (
        <button class="button answer small" type="button" onClick={() => void answer()}>
          <PhoneCall size={16} aria-hidden="true" />
          {t("phone.answer")} <kbd class="key">F2</kbd>
        </button>
      ) : (
        <>
          <button class="button small" type="button" aria-pressed={line.held} onClick={() => void toggleHold(line.id)}>
            {line.held ? <Play size={16} aria-hidden="true" /> : <Pause size={16} aria-hidden="true" />}
            {t(line.held ? "phone.resume" : "phone.hold")}
          </button>
          <button class="button small" type="button" aria-pressed={line.muted} onClick={() => toggleMute(line.id)}>
            {line.muted ? <MicOff size={16} aria-hidden="true" /> : <Mic size={16} aria-hidden="true" />}
            {t(line.muted ? "phone.unmute" : "phone.mute")}
          </button>
        </>
      )}
      <button class="button end small" type="button" onClick={() => hangUp(line.id)}>
        <PhoneOff size={16} aria-hidden="true" />
        {t(ringing ? "phone.decline" : "phone.hang-up")}
      </button>
    </section>
  );
}
