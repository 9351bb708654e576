// The wallboard: what is read from five metres. `#/wall/full` is the same without anything around it.
import { Maximize, PhoneOff } from "lucide-preact";
import { useEffect } from "preact/hooks";
import { link } from "../api/live";
import type { AgentView, QueueView, TrunkView } from "../api/types";
import { agents, alarms, calls, displayName, figures, house, queues, trunks } from "../house";
import { AgentLamp, Lamp, type Tone, toneOf } from "../parts/lamp";
import { Empty, Since } from "../parts/small";
import { path, to } from "../route";
import { now } from "../ticking";
import { clock, language, number, percent, t } from "../words";

export function WallPage() {
  const full = path.value[1] === "full";
  return full ? <Full /> : (
    <>
      <div class="row">
        <p class="soft grow">{t("wall.about")}</p>
        <a class="button" href={to("wall", "full")}>
          <Maximize size={18} aria-hidden="true" /> {t("wall.full")}
        </a>
      </div>
      <div class="wall framed">
        <Board />
      </div>
    </>
  );
}

function Full() {
  useEffect(() => {
    document.title = `${t("page.wall")} · softacd`;
    const leave = (event: KeyboardEvent) => event.key === "Escape" && (location.hash = to("wall"));
    addEventListener("keydown", leave);
    return () => removeEventListener("keydown", leave);
  }, []);
  return (
    <main class="wall full">
      <Board />
      {link.value === "lost" && <div class="wall-lost" role="alert">{t("link.lost")}</div>}
    </main>
  );
}

function Board() {
  const staffed = agents.value.filter((agent) => agent.status !== "logged-out");
  const waiting = queues.value.reduce((sum, queue) => sum + queue.waiting, 0);
  const longest = Math.max(0, ...queues.value.map((queue) => (queue.waiting ? queue.longest_wait_s : 0)));
  const answered = queues.value.reduce((sum, queue) => sum + queue.answered, 0);
  const abandoned = queues.value.reduce((sum, queue) => sum + queue.abandoned, 0);
  const free = staffed.filter((agent) => toneOf(agent) === "ready").length;
  const talking = calls.value.filter(({ phase }) => phase === "talking" || phase === "held").length;
  const level = together(queues.value);
  return (
    <>
      <header class="wall-top">
        <Great word={t("wall.waiting")} value={number(waiting)} tone={waiting > free ? "alarm" : waiting ? "ringing" : "ready"} />
        <Great word={t("wall.longest")} value={clock(longest)} tone={longest > 60 ? "alarm" : longest > 20 ? "ringing" : "ready"} />
        <Great word={t("wall.level")} value={percent(level)} tone={level === null || level >= 0.8 ? "ready" : level >= 0.6 ? "ringing" : "alarm"} />
        <Great word={t("wall.free")} value={number(free)} tone={free ? "ready" : "away"} />
        <Great word={t("wall.talking")} value={number(talking)} tone="talking" />
        <Great word={t("wall.answered")} value={number(answered)} tone="out" />
        <Great word={t("wall.abandoned")} value={number(abandoned)} tone={abandoned ? "alarm" : "out"} />
        <div class="wall-clock number">
          {new Date(now()).toLocaleTimeString(language.value, { hour: "2-digit", minute: "2-digit" })}
        </div>
      </header>
      <section class="wall-queues" aria-label={t("queues")}>
        {queues.value.map((queue) => (
          <Queue key={queue.name} queue={queue} />
        ))}
      </section>
      {staffed.length ? (
        <section class="wall-agents" aria-label={t("agents")}>
          {[...staffed].sort(byState).map((agent) => (
            <Agent key={agent.name} agent={agent} />
          ))}
        </section>
      ) : (
        <Empty icon={PhoneOff} title={t("wall.nobody")}>
          {t("wall.nobody.more")}
        </Empty>
      )}
      <footer class="wall-foot">
        {alarms.value.map((alarm) => (
          <Lamp key={alarm.name} tone="alarm" tag>
            {alarm.name}: {alarm.detail}
          </Lamp>
        ))}
        <Speed word={t("wall.free-to-ring")} ms={figures.value?.free_to_ring_p99_ms} />
        <Speed word={t("wall.answer-to-audio")} ms={figures.value?.answer_to_audio_p99_ms} />
        {trunks.value.map((trunk) => (
          <Trunk key={trunk.name} trunk={trunk} />
        ))}
        {house.value?.hours.map((hours) => (
          <Lamp key={hours.name} tone={hours.open ? "ready" : "out"} tag>
            {hours.name}: {t(hours.open ? "hours.open" : "hours.closed")}
          </Lamp>
        ))}
      </footer>
    </>
  );
}

/** Service level of several queues: of all their callers together. */
function together(all: readonly QueueView[]): number | null {
  const judged = all.filter((queue) => queue.service_level !== null && queue.offered);
  const offered = judged.reduce((sum, queue) => sum + queue.offered, 0);
  return offered ? judged.reduce((sum, queue) => sum + (queue.service_level ?? 0) * queue.offered, 0) / offered : null;
}

const ORDER: readonly Tone[] = ["ringing", "talking", "wrap", "ready", "alarm", "away", "out"];
function byState(one: AgentView, other: AgentView): number {
  return ORDER.indexOf(toneOf(one)) - ORDER.indexOf(toneOf(other)) || displayName(one).localeCompare(displayName(other));
}

function Great({ word, value, tone }: { word: string; value: string; tone: Tone }) {
  return (
    <div class="great-figure" data-tone={tone}>
      <span class="value">{value}</span>
      <span class="word">{word}</span>
    </div>
  );
}

function Queue({ queue }: { queue: QueueView }) {
  const level = queue.service_level;
  const tone: Tone = queue.waiting > queue.ready && queue.longest_wait_s > 60 ? "alarm" : queue.waiting ? "ringing" : "ready";
  return (
    <article class="wall-queue" data-tone={tone}>
      <h2 class="clip">{queue.name}</h2>
      <div class="value">
        {number(queue.waiting)}
        <span class="word">{t("wall.waiting")}</span>
      </div>
      <dl>
        <Pair word={t("queue.longest")} value={queue.waiting ? clock(queue.longest_wait_s) : "–"} />
        <Pair word={t("queue.expected")} value={queue.expected_wait === null ? "–" : clock(queue.expected_wait)} />
        <Pair word={t("queue.staffed")} value={`${number(queue.ready)} / ${number(queue.staffed)}`} />
        <Pair word={t("wall.level")} value={percent(level)} />
        <Pair word={t("wall.abandoned")} value={number(queue.abandoned)} />
      </dl>
      <div class="meter" role="img" aria-label={`${t("wall.level")} ${percent(level)}`}>
        <span style={{ width: `${(level ?? 0) * 100}%` }} />
      </div>
    </article>
  );
}

function Pair({ word, value }: { word: string; value: string }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd class="number">{value}</dd>
    </div>
  );
}

function Agent({ agent }: { agent: AgentView }) {
  const call = calls.value.find(({ id }) => id === agent.call);
  return (
    <article class="wall-agent" data-tone={toneOf(agent)}>
      <span class="strong clip">{displayName(agent)}</span>
      <span class="since">
        <Since at={agent.since} />
      </span>
      <AgentLamp agent={agent} />
      <span class="with clip">{call ? call.caller_name || call.queue || call.caller : agent.reason}</span>
    </article>
  );
}

/** A time of which 99 in 100 are no longer. */
function Speed({ word, ms }: { word: string; ms: number | null | undefined }) {
  if (ms === null || ms === undefined) return <></>;
  return (
    <Lamp tone="out" tag>
      {word} {t("ms", { n: ms })}
    </Lamp>
  );
}

function Trunk({ trunk }: { trunk: TrunkView }) {
  const up = ["registered", "refreshing", "static"].includes(trunk.state) && trunk.reachable !== false;
  return (
    <Lamp tone={up ? (trunk.quality === "poor" ? "ringing" : "ready") : "alarm"} tag>
      {trunk.name}: {t(up ? "trunk.up" : "trunk.down")} {up && number(trunk.calls)}
    </Lamp>
  );
}
