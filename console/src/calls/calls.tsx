// Every call, newest first, with what one wants to find it by.
import { ArrowDownLeft, ArrowLeftRight, ArrowUpRight, Search, SearchX } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { get } from "../api/client";
import type { CallPage as Page, CallRecord } from "../api/types";
import { agents, agentNamed, displayName, queues } from "../house";
import { Lamp, type Tone } from "../parts/lamp";
import { Empty, Loading, Panel, Scroll } from "../parts/small";
import { ask, query, to } from "../route";
import { attempt } from "../sayings";
import { clock, fullMoment, moment, named, phone, t } from "../words";

const OUTCOMES = ["answered", "abandoned", "missed", "busy", "no-answer", "failed", "refused", "served", "interrupted"];
const TONES: Record<string, Tone> = {
  answered: "ready",
  open: "talking",
  served: "ready",
  abandoned: "alarm",
  missed: "alarm",
  failed: "alarm",
  interrupted: "alarm",
};
const ARROWS = { incoming: ArrowDownLeft, outgoing: ArrowUpRight, internal: ArrowLeftRight };

export function OutcomeLamp({ outcome }: { outcome: string }) {
  return <Lamp tone={TONES[outcome] ?? "away"}>{named("outcome", outcome)}</Lamp>;
}

export function CallsPage() {
  const filter = {
    number: query.value.get("number") ?? "",
    outcome: query.value.get("outcome") ?? "",
    queue: query.value.get("queue") ?? "",
    agent: query.value.get("agent") ?? "",
  };
  const key = JSON.stringify(filter);
  const first = useAnswer<Page>(key, () => get("/calls", { ...filter, limit: 50 }));
  const [more, setMore] = useState<CallRecord[]>([]);
  const [next, setNext] = useState<number | null>(null);
  useEffect(() => {
    setMore([]);
    setNext(first.value?.next ?? null);
  }, [first.value]);
  const rows = [...(first.value?.calls ?? []), ...more];
  return (
    <Panel
      title={t("calls")}
      class="calls"
      tools={
        <>
          <label class="search">
            <Search size={16} aria-hidden="true" />
            <span class="visually-hidden">{t("calls.number")}</span>
            <input class="input" type="search" placeholder={t("calls.number")} value={filter.number}
              onChange={(event) => ask("number", event.currentTarget.value)} />
          </label>
          <Pick name="outcome" all={t("calls.any-outcome")} value={filter.outcome}
            options={OUTCOMES.map((one) => [one, named("outcome", one)])} />
          <Pick name="queue" all={t("calls.any-queue")} value={filter.queue} options={queues.value.map(({ name }) => [name, name])} />
          <Pick name="agent" all={t("calls.any-agent")} value={filter.agent}
            options={agents.value.map((agent) => [agent.name, displayName(agent)])} />
        </>
      }
    >
      {!first.value ? (
        <Loading />
      ) : rows.length ? (
        <Scroll>
          <table class="table">
            <thead>
              <tr>
                <th>{t("calls.when")}</th>
                <th>{t("calls.who")}</th>
                <th>{t("calls.called")}</th>
                <th>{t("calls.queue")}</th>
                <th>{t("calls.agent")}</th>
                <th class="right">{t("calls.waited")}</th>
                <th class="right">{t("calls.talked")}</th>
                <th>{t("calls.outcome")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((call) => (
                <Row key={call.id} call={call} />
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <Empty icon={SearchX} title={t("calls.none")}>
          {t("calls.none.more")}
        </Empty>
      )}
      {next !== null && rows.length > 0 && (
        <div class="inside">
          <button class="button" type="button"
            onClick={() =>
              void attempt(async () => {
                const page = await get<Page>("/calls", { ...filter, limit: 50, before: next });
                setMore([...more, ...page.calls]);
                setNext(page.next);
              })
            }>
            {t("calls.more")}
          </button>
        </div>
      )}
    </Panel>
  );
}

function Row({ call }: { call: CallRecord }) {
  const Arrow = ARROWS[call.direction];
  return (
    <tr>
      <td class="number" title={fullMoment(call.started)}>
        <a href={to("calls", call.id)}>{moment(call.started)}</a>
      </td>
      <td>
        <span class="row tight">
          <Arrow size={16} aria-label={t(`direction.${call.direction}`)} class="soft" />
          <span>
            {call.caller_name || phone(call.caller) || t("card.withheld")}
            {call.caller_name && <span class="small soft block number">{phone(call.caller)}</span>}
          </span>
        </span>
      </td>
      <td class="number">{phone(call.called)}</td>
      <td>
        {call.queue}
        {call.topic && <span class="small soft block">{call.topic}</span>}
      </td>
      <td>{call.agent && agentNamed(call.agent)}</td>
      <td class="right number">{call.wait_ms > 0 && clock(call.wait_ms / 1000)}</td>
      <td class="right number">{call.talk_ms > 0 && clock(call.talk_ms / 1000)}</td>
      <td>
        <OutcomeLamp outcome={call.outcome} />
      </td>
    </tr>
  );
}

export function Pick(props: { name: string; all: string; value: string; options: readonly (readonly [string, string])[] }) {
  return (
    <select class="input narrow" aria-label={props.all} value={props.value} onChange={(event) => ask(props.name, event.currentTarget.value)}>
      <option value="">{props.all}</option>
      {props.options.map(([value, word]) => (
        <option key={value} value={value}>
          {word}
        </option>
      ))}
    </select>
  );
}
