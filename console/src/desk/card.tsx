// The card of a call: who calls, why it came here, what was before, and what is to be written down.
import { BookOpen, History as Past, MapPin, Tag, UserRound } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { get, part, post } from "../api/client";
import { onEvent } from "../api/live";
import type { AgentView, CallEvent, CallStoryAnswer, ContactPage, Found } from "../api/types";
import { GoodsSearch } from "../calls/goods";
import { agentNamed, calls, queues } from "../house";
import { Empty, Loading, Panel } from "../parts/small";
import { current } from "../phone/phone";
import { to } from "../route";
import { attempt } from "../sayings";
import { clock, fullMoment, moment, named, phone, t } from "../words";
import { CustomerForm } from "./customer";

export function CallCard({ id, agent }: { id: string; agent: AgentView | null }) {
  const call = calls.value.find((one) => one.id === id);
  const story = useAnswer<CallStoryAnswer>(id || null, () => get(`/calls/${part(id)}`, { trace: false }), true);
  const { again } = story;
  useEffect(
    () =>
      onEvent((type, data) => {
        if (type === "call-event" && (data as CallEvent).call === id) again();
      }),
    [id, again],
  );
  const record = story.value?.call;
  const line = current.value;
  const outgoing = (call ?? record)?.direction === "outgoing";
  const number = (outgoing ? (call ?? record)?.called : (call ?? record)?.caller) ?? line?.number ?? "";
  const outside = /^\+?\d{5,}$/.test(number);
  const found = useAnswer<Found>(outside ? number : null, () => get(`/customers/${part(number)}`), true);
  const past = useAnswer<ContactPage>(outside ? number : null, () => get(`/customers/${part(number)}/contacts`, { limit: 12 }), true);
  const queue = queues.value.find(({ name }) => name === (call?.queue || record?.queue));
  const customer = found.value?.customer;
  const name = customer?.name || call?.caller_name || record?.caller_name || line?.name || "";
  const category = customer?.category || call?.category || "";
  const contacts = (past.value?.contacts ?? []).filter((contact) => contact.call !== id);
  const waited = record?.wait_ms ? record.wait_ms / 1000 : record?.queued ? (Date.now() - record.queued) / 1000 : 0;

  return (
    <article class="card" aria-label={t("card")}>
      <header class="panel caller">
        <span class="face" aria-hidden="true">
          {name ? [...name][0]?.toUpperCase() : <UserRound size={26} />}
        </span>
        <div class="grow">
          <div class="row">
            <h2 class="who">{name || phone(number) || t("card.withheld")}</h2>
            {category && <span class="tag strong">{category}</span>}
            {customer?.language && <span class="tag">{customer.language}</span>}
          </div>
          <div class="row soft">
            {name && <span class="number">{phone(number)}</span>}
            {queue && <span>{t("card.queue", { queue: queue.name })}</span>}
            {waited > 1 && <span>{t("card.waited", { time: clock(waited) })}</span>}
            {contacts.length > 0 && <span>{t("card.contacts", { n: contacts.length })}</span>}
          </div>
        </div>
        {id && (
          <a class="button small" href={to("calls", id)}>
            {t("card.picture")}
          </a>
        )}
      </header>
      <div class="two">
        <div class="stack">
          <Topics id={id} topics={queue?.topics ?? []} chosen={call?.topic || record?.topic || ""} agent={agent?.name ?? ""} />
          <Panel title={t("customer")}>
            {outside ? (
              found.value || found.error ? (
                <CustomerForm key={customer?.id ?? 0} number={number} customer={customer ?? null} name={name} saved={found.again} />
              ) : (
                <Loading />
              )
            ) : (
              <Empty icon={UserRound} title={t("customer.internal")} />
            )}
          </Panel>
        </div>
        <div class="stack">
          <Way story={story.value} />
          <Panel title={t("card.past")} count={contacts.length}>
            {contacts.length ? (
              <ol class="past">
                {contacts.map((contact) => (
                  <li key={contact.call}>
                    <span class="grow">
                      <a href={to("calls", contact.call)} title={fullMoment(contact.at)}>
                        {moment(contact.at)}
                      </a>
                      <span class="small soft clip block">
                        {[contact.topic, contact.queue, contact.agents.map(agentNamed).join(", ")].filter(Boolean).join(" · ") || phone(contact.number)}
                      </span>
                    </span>
                    <span class="small right">
                      {named("outcome", contact.outcome)}
                      <span class="soft block number">{contact.talk_ms > 0 && clock(contact.talk_ms / 1000)}</span>
                    </span>
                  </li>
                ))}
              </ol>
            ) : (
              <Empty icon={Past} title={t("card.first")}>
                {t("card.first.more")}
              </Empty>
            )}
          </Panel>
          <Panel title={t("goods")}>
            <GoodsSearch compact number={number} agent={agent?.name ?? ""} />
          </Panel>
        </div>
      </div>
    </article>
  );
}

function Topics({ id, topics, chosen, agent }: { id: string; topics: readonly string[]; chosen: string; agent: string }) {
  if (!topics.length || !id) return <></>;
  return (
    <Panel title={t("card.topic")}>
      <div class="inside row" role="group" aria-label={t("card.topic")}>
        {topics.map((topic) => (
          <button
            key={topic}
            class="button small"
            type="button"
            aria-pressed={topic === chosen}
            onClick={() => void attempt(() => post(`/calls/${part(id)}/topic`, { topic, agent: agent || null }))}
          >
            <Tag size={14} aria-hidden="true" /> {topic}
          </button>
        ))}
      </div>
    </Panel>
  );
}

const ON_THE_WAY = new Set(["flow", "key", "collected", "hours", "branch", "queue-joined", "meant-for", "forwarded", "diverted",
  "transferred", "lookup", "emergency"]);

/** How the caller came here, and why to this agent. */
function Way({ story }: { story: CallStoryAnswer | null }) {
  const [all, setAll] = useState(false);
  const events = story?.events ?? [];
  const steps = events.filter(({ kind }) => ON_THE_WAY.has(kind));
  const why = events.filter(({ kind }) => kind === "why").at(-1);
  const shown = all ? steps : steps.slice(-6);
  return (
    <Panel title={t("card.way")}>
      {steps.length || why ? (
        <div class="inside stack">
          <ol class="way">
            {shown.map((event) => (
              <li key={`${event.at}${event.kind}${event.detail}`}>
                <span class="soft">{named("event", event.kind)}</span> <span class="strong">{event.detail}</span>
              </li>
            ))}
          </ol>
          {steps.length > shown.length && (
            <button class="button small plain" type="button" onClick={() => setAll(true)}>
              {t("card.whole-way")}
            </button>
          )}
          {why && <Standings text={why.detail} title={t("card.why")} />}
        </div>
      ) : (
        <Empty icon={MapPin} title={t("card.direct")} />
      )}
    </Panel>
  );
}

/** The distributor's explanation: who rings and why, who does not and why not. */
export function Standings({ text, title }: { text: string; title: string }) {
  const [, place = "", rest = ""] = /^place (\d+): (.*)$/s.exec(text) ?? [null, "", text];
  const [ringing = "", others = ""] = rest.split(" | ");
  const told = (part: string) => part.split("; ").filter((one) => one && one !== "nobody");
  return (
    <div class="why">
      <h3>
        <BookOpen size={14} aria-hidden="true" /> {title}
        {Number(place) > 0 && ` · ${t("card.place", { n: Number(place) })}`}
      </h3>
      <ul>
        {told(ringing).map((one) => (
          <li key={one} class="strong">
            {one}
          </li>
        ))}
        {told(others).map((one) => (
          <li key={one} class="soft">
            {one}
          </li>
        ))}
      </ul>
    </div>
  );
}
