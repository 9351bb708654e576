// The picture of one call: what became of it, its way through the flow, the decisions, the messages, the voices.
import { ArrowLeft, AudioLines, FileQuestion, MessagesSquare, Route } from "lucide-preact";
import { useEffect } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { get, part } from "../api/client";
import { onEvent } from "../api/live";
import { supervises } from "../api/session";
import type { CallEvent, CallRecord, CallStoryAnswer, LegRecord, RecordingPage } from "../api/types";
import { Standings } from "../desk/card";
import { agentNamed } from "../house";
import { Lamp, type Tone } from "../parts/lamp";
import { Empty, Loading, Panel, Scroll } from "../parts/small";
import { to } from "../route";
import { clock, fullMoment, named, number, phone, t } from "../words";
import { OutcomeLamp } from "./calls";
import { Ladder } from "./ladder";
import { Waveform } from "./waveform";

export function CallPage({ id }: { id: string }) {
  const story = useAnswer<CallStoryAnswer>(id, () => get(`/calls/${part(id)}`), true);
  const { again } = story;
  useEffect(
    () => onEvent((type, data) => ["call", "call-event"].includes(type) && [(data as CallEvent).call, (data as CallRecord).id].includes(id) && again()),
    [id, again],
  );
  if (story.error && !story.value)
    return (
      <Empty icon={FileQuestion} title={t("call.unknown")}>
        {t("call.unknown.more")}
      </Empty>
    );
  const told = story.value;
  if (!told?.call) return <Loading />;
  const call = told.call;
  return (
    <>
      <section class="panel head" aria-label={t("call")}>
        <a class="button plain icon" href={to("calls")} aria-label={t("call.back")}>
          <ArrowLeft size={20} aria-hidden="true" />
        </a>
        <div class="grow">
          <div class="row">
            <h2 class="who">{call.caller_name || phone(call.caller) || t("card.withheld")}</h2>
            <span class="soft">→</span>
            <span class="strong">{phone(call.called)}</span>
            <OutcomeLamp outcome={call.outcome} />
          </div>
          <p class="soft">{fullMoment(call.started)}</p>
        </div>
        <Fact word={t("calls.queue")} value={call.queue || "–"} />
        <Fact word={t("calls.agent")} value={call.agent ? agentNamed(call.agent) : "–"} />
        <Fact word={t("calls.waited")} value={clock(call.wait_ms / 1000)} />
        <Fact word={t("calls.talked")} value={clock(call.talk_ms / 1000)} />
        <Fact word={t("call.held")} value={clock(call.hold_ms / 1000)} />
        <Fact word={t("call.ended-by")} value={call.ended_by ? named("ender", call.ended_by) : "–"} />
      </section>
      <Strip call={call} events={told.events} />
      <div class="two wide">
        <Story call={call} events={told.events} />
        <div class="stack">
          <Panel title={t("call.voices")} count={told.legs.length}>
            {told.legs.length ? <Voices legs={told.legs} /> : <Empty icon={AudioLines} title={t("call.no-voices")} />}
          </Panel>
          {supervises.value && <Recordings call={call} />}
          <Panel title={t("call.ladder")} count={told.trace.length}>
            {told.trace.length ? (
              <Ladder start={call.started} trace={told.trace} />
            ) : (
              <Empty icon={MessagesSquare} title={t("call.no-messages")} />
            )}
          </Panel>
        </div>
      </div>
    </>
  );
}

function Fact({ word, value }: { word: string; value: string }) {
  return (
    <div class="fact">
      <span class="small soft">{word}</span>
      <span class="strong number">{value}</span>
    </div>
  );
}

const PHASES: Record<string, Tone> = { flow: "away", queue: "wrap", ring: "ringing", talk: "talking", hold: "out" };

/** The call as one bar: flow, queue, ringing, conversation, hold, each as long as it lasted. */
function Strip({ call, events }: { call: CallRecord; events: readonly CallEvent[] }) {
  const end = call.ended || Date.now();
  const cuts: [number, string][] = [[call.started, "flow"]];
  for (const { at, kind } of events) {
    if (kind === "queue-joined") cuts.push([at, "queue"]);
    else if (kind === "ring") cuts.push([at, "ring"]);
    else if (kind === "connected" || kind === "resume") cuts.push([at, "talk"]);
    else if (kind === "hold") cuts.push([at, "hold"]);
  }
  const whole = Math.max(1, end - call.started);
  const parts = cuts.map(([at, kind], index) => ({ kind, ms: (cuts[index + 1]?.[0] ?? end) - at })).filter(({ ms }) => ms > 0);
  return (
    <div class="timeline" role="img" aria-label={parts.map(({ kind, ms }) => `${t(`part.${kind as "flow"}`)} ${clock(ms / 1000)}`).join(", ")}>
      {parts.map(({ kind, ms }, index) => (
        <span key={index} data-tone={PHASES[kind]} style={{ flexGrow: Math.max(ms / whole, 0.004) }} title={`${t(`part.${kind as "flow"}`)} ${clock(ms / 1000)}`}>
          {ms / whole > 0.08 && t(`part.${kind as "flow"}`)}
        </span>
      ))}
    </div>
  );
}

function Story({ call, events }: { call: CallRecord; events: readonly CallEvent[] }) {
  return (
    <Panel title={t("call.story")} count={events.length}>
      {events.length ? (
        <ol class="story">
          {events.map((event, index) => (
            <li key={index} class={`event-${event.kind}`}>
              <span class="number small soft">+{number((event.at - call.started) / 1000, 2)}</span>
              {event.kind === "why" ? (
                <Standings text={event.detail} title={t("call.why")} />
              ) : (
                <span>
                  <span class="strong">{named("event", event.kind)}</span>{" "}
                  {event.kind === "hang-up" ? named("ender", event.detail) : event.detail}
                </span>
              )}
            </li>
          ))}
        </ol>
      ) : (
        <Empty icon={Route} title={t("call.no-story")} />
      )}
    </Panel>
  );
}

/** A mean opinion score in words. */
export function MosLamp({ mos }: { mos: number }) {
  if (!mos) return <span class="soft">–</span>;
  const tone: Tone = mos >= 4 ? "ready" : mos >= 3.4 ? "away" : "alarm";
  return <Lamp tone={tone}>{number(mos, 1)}</Lamp>;
}

function Voices({ legs }: { legs: readonly LegRecord[] }) {
  return (
    <Scroll>
      <table class="table">
        <thead>
          <tr>
            <th>{t("voice.party")}</th>
            <th>{t("voice.codec")}</th>
            <th>{t("voice.here")}</th>
            <th>{t("voice.there")}</th>
            <th class="right">{t("voice.lost")}</th>
            <th class="right">{t("voice.jitter")}</th>
            <th class="right">{t("voice.round-trip")}</th>
          </tr>
        </thead>
        <tbody>
          {legs.map((leg) => (
            <tr key={leg.id}>
              <td>
                <span class="strong">{leg.party.replace(/^[a-z]+:/, "")}</span>
                {leg.fault && (
                  <span class="block small">
                    <Lamp tone="alarm">{leg.fault}</Lamp>
                  </span>
                )}
              </td>
              <td>{leg.codec || "–"}</td>
              <td>
                <MosLamp mos={leg.mos} />
              </td>
              <td>
                <MosLamp mos={leg.remote_mos} />
              </td>
              <td class="right number">{number(leg.packets_lost)}</td>
              <td class="right number">{t("ms", { n: leg.jitter_ms.toFixed(1) })}</td>
              <td class="right number">{leg.round_trip_ms ? t("ms", { n: leg.round_trip_ms.toFixed(0) }) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Recordings({ call }: { call: CallRecord }) {
  const page = useAnswer<RecordingPage>(call.id, () => get("/recordings", { since: call.started, before: (call.ended || Date.now()) + 1, limit: 100 }), true);
  const mine = page.value?.recordings.filter((recording) => recording.call === call.id && !recording.removed && recording.ended) ?? [];
  if (!mine.length) return <></>;
  return (
    <Panel title={t("call.recordings")} count={mine.length}>
      <div class="inside stack">
        {mine.map((recording) => (
          <Waveform key={recording.id} id={recording.id} title={recording.party.replace(/^[a-z]+:/, "")} />
        ))}
      </div>
    </Panel>
  );
}
