// The supervisor's floor: who does what, which calls live, and the acts upon both.
import { CalendarClock, Ear, EllipsisVertical, PhoneCall, ShieldAlert, UsersRound } from "lucide-preact";
import { useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { get, part, put } from "../api/client";
import type { AgentView, CallView, HouseView, QueueView } from "../api/types";
import { STATUSES, setStatus } from "../desk/status";
import { agentNamed, agents, calls, displayName, house, queues } from "../house";
import { MosLamp } from "../calls/call";
import { AgentLamp, Lamp, type Tone } from "../parts/lamp";
import { Confirm, Empty, Menu, Panel, Scroll, Since } from "../parts/small";
import { to } from "../route";
import { attempt } from "../sayings";
import { clock, moment, named, number, percent, phone, t } from "../words";
import { type Act, CallActs } from "./acts";

export function FloorPage() {
  const [act, setAct] = useState<Act | null>(null);
  return (
    <>
      <div class="two floor">
        <Panel title={t("agents")} count={agents.value.filter(({ status }) => status !== "logged-out").length}>
          <Agents act={setAct} />
        </Panel>
        <div class="stack">
          <Panel title={t("queues")} count={queues.value.reduce((sum, { waiting }) => sum + waiting, 0)}>
            <Queues />
          </Panel>
          <House />
        </div>
      </div>
      <Panel title={t("floor.calls")} count={calls.value.length}>
        <Calls act={setAct} />
      </Panel>
      {act && <CallActs act={act} close={() => setAct(null)} />}
    </>
  );
}

function Agents({ act }: { act: (act: Act) => void }) {
  if (!agents.value.length)
    return (
      <Empty icon={UsersRound} title={t("agents.none")}>
        {t("agents.none.more")}
      </Empty>
    );
  return (
    <Scroll>
      <table class="table">
        <thead>
          <tr>
            <th>{t("calls.agent")}</th>
            <th>{t("floor.does")}</th>
            <th class="right">{t("floor.since")}</th>
            <th>{t("floor.with")}</th>
            <th class="right" title={t("floor.today")}>
              {t("floor.today.short")}
            </th>
            <th>
              <span class="visually-hidden">{t("acts")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {agents.value.map((agent) => (
            <AgentRow key={agent.name} agent={agent} act={act} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function AgentRow({ agent, act }: { agent: AgentView; act: (act: Act) => void }) {
  const call = calls.value.find(({ id }) => id === agent.call);
  const talking = call && ["talking", "held"].includes(call.phase);
  return (
    <tr>
      <td>
        <span class="strong">{displayName(agent)}</span>
        <span class="small soft block number">{agent.phone}</span>
      </td>
      <td>
        <AgentLamp agent={agent} />
        {agent.reason && <span class="small soft block">{agent.reason}</span>}
      </td>
      <td class="right">
        <Since at={agent.since} />
      </td>
      <td>
        {call && (
          <a href={to("calls", call.id)}>
            {call.caller_name || phone(call.caller)}
          </a>
        )}
      </td>
      <td class="right number">{number(agent.answered_today)}</td>
      <td class="right">
        <span class="row tight end">
          {talking && (
            <button class="button small icon" type="button" aria-label={t("act.listen")} title={t("act.listen")}
              onClick={() => act({ kind: "listen", call })}>
              <Ear size={16} aria-hidden="true" />
            </button>
          )}
          <Menu
            label={t("floor.set-status", { name: displayName(agent) })}
            kind="button small icon"
            button={<EllipsisVertical size={16} aria-hidden="true" />}
            choices={STATUSES.map((status) => ({
              label: t(`status.${status}`),
              checked: agent.status === status,
              act: () => void setStatus(agent.name, status),
            }))}
          />
        </span>
      </td>
    </tr>
  );
}

function Queues() {
  return (
    <Scroll>
      <table class="table">
        <thead>
          <tr>
            <th>{t("calls.queue")}</th>
            <th class="right">{t("wall.waiting")}</th>
            <th class="right">{t("queue.longest")}</th>
            <th class="right">{t("queue.staffed")}</th>
            <th class="right">{t("wall.level")}</th>
            <th>
              <span class="visually-hidden">{t("acts")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {queues.value.map((queue) => (
            <QueueRow key={queue.name} queue={queue} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function QueueRow({ queue }: { queue: QueueView }) {
  const [asking, setAsking] = useState(false);
  const closed = (queue as { closed?: boolean }).closed;
  return (
    <tr>
      <td>
        <span class="strong">{queue.name}</span>
        {closed && (
          <span class="block small">
            <Lamp tone="out">{t("queue.closed")}</Lamp>
          </span>
        )}
      </td>
      <td class="right number strong">{number(queue.waiting)}</td>
      <td class="right number">{queue.waiting ? clock(queue.longest_wait_s) : "–"}</td>
      <td class="right number">
        {number(queue.ready)} / {number(queue.staffed)}
      </td>
      <td class="right number">{percent(queue.service_level)}</td>
      <td class="right">
        {closed !== undefined && (
          <button class="button small" type="button"
            onClick={() => (closed ? void attempt(() => put(`/queues/${part(queue.name)}/closed`, { closed: false })) : setAsking(true))}>
            {t(closed ? "queue.open" : "queue.close")}
          </button>
        )}
        {asking && (
          <Confirm title={t("queue.close-whom", { name: queue.name })} text={t("queue.close.more")} act={t("queue.close")}
            sure={() => void attempt(() => put(`/queues/${part(queue.name)}/closed`, { closed: true }))} close={() => setAsking(false)} />
        )}
      </td>
    </tr>
  );
}

const PHASES: Record<string, Tone> = { talking: "talking", held: "talking", ringing: "ringing", queue: "wrap", parked: "away" };

function Calls({ act }: { act: (act: Act) => void }) {
  if (!calls.value.length)
    return (
      <Empty icon={PhoneCall} title={t("floor.no-calls")}>
        {t("floor.no-calls.more")}
      </Empty>
    );
  return (
    <Scroll>
      <table class="table">
        <thead>
          <tr>
            <th>{t("calls.who")}</th>
            <th>{t("floor.phase")}</th>
            <th class="right">{t("floor.since")}</th>
            <th>{t("calls.queue")}</th>
            <th>{t("calls.agent")}</th>
            <th>{t("floor.voice")}</th>
            <th>
              <span class="visually-hidden">{t("acts")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {calls.value.map((call) => (
            <CallRow key={call.id} call={call} act={act} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function CallRow({ call, act }: { call: CallView; act: (act: Act) => void }) {
  const talking = call.phase === "talking" || call.phase === "held";
  const worst = Math.min(...call.legs.map(({ mos }) => mos).filter((mos) => mos > 0), 5);
  const kinds = talking ? (["listen", "whisper", "barge", "take", "move", "end"] as const) : (["move", "end"] as const);
  return (
    <tr>
      <td>
        <a href={to("calls", call.id)} class="strong">
          {call.caller_name || phone(call.caller) || t("card.withheld")}
        </a>
        <span class="small soft block number">{call.category || phone(call.called)}</span>
      </td>
      <td>
        <Lamp tone={PHASES[call.phase] ?? "away"}>{named("phase", call.phase)}</Lamp>
      </td>
      <td class="right">
        <Since at={call.since} />
      </td>
      <td>
        {call.queue}
        {call.position > 0 && <span class="small soft"> №{call.position}</span>}
      </td>
      <td>{call.agent && agentNamed(call.agent)}</td>
      <td>{worst < 5 ? <MosLamp mos={worst} /> : <span class="soft">–</span>}</td>
      <td class="right">
        <span class="row tight end">
          <Menu
            label={t("acts.on", { name: call.caller_name || call.caller })}
            kind="button small"
            button={t("acts")}
            choices={kinds.map((kind) => ({ label: t(`act.${kind}`), apart: kind === "end", act: () => act({ kind, call }) }))}
          />
        </span>
      </td>
    </tr>
  );
}

function House() {
  const asked = useAnswer<HouseView>("house", () => get("/house"), true);
  const known = house.value ?? asked.value;
  const [asking, setAsking] = useState(false);
  if (!known) return <></>;
  const set = (path: string, body: object) =>
    void attempt(async () => {
      house.value = await put<HouseView>(path, body);
    });
  return (
    <Panel title={t("house")}>
      <ul class="tasks">
        {known.hours.map((hours) => (
          <li key={hours.name}>
            <CalendarClock size={18} aria-hidden="true" class="soft" />
            <span class="grow">
              <span class="strong">{hours.name}</span>
              <span class="small soft block">
                {[hours.why, hours.opens ? t("hours.opens", { when: moment(hours.opens) }) : ""].filter(Boolean).join(" · ")}
              </span>
            </span>
            <Lamp tone={hours.open ? "ready" : "out"}>{t(hours.open ? "hours.open" : "hours.closed")}</Lamp>
            <button class="button small" type="button"
              onClick={() => set(`/house/hours/${part(hours.name)}`, { closed: !hours.closed_by_hand })}>
              {t(hours.closed_by_hand ? "hours.by-plan" : "hours.close")}
            </button>
          </li>
        ))}
        <li>
          <ShieldAlert size={18} aria-hidden="true" class="soft" />
          <span class="grow">
            <span class="strong">{t("emergency")}</span>
            <span class="small soft block">{t("emergency.more")}</span>
          </span>
          <button class={`button small${known.emergency ? " end" : ""}`} type="button"
            onClick={() => (known.emergency ? set("/house/emergency", { on: false }) : setAsking(true))}>
            {t(known.emergency ? "emergency.end" : "emergency.begin")}
          </button>
        </li>
      </ul>
      {asking && (
        <Confirm title={t("emergency.begin")} text={t("emergency.sure")} act={t("emergency.begin")}
          sure={() => set("/house/emergency", { on: true })} close={() => setAsking(false)} />
      )}
    </Panel>
  );
}
