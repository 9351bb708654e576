// What is to be done and what was: missed callers, promises, one's last calls; each can be called with one click.
import { History, PartyPopper, Phone, PhoneMissed } from "lucide-preact";
import { useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { get, part, post } from "../api/client";
import { me } from "../api/session";
import type { Bookmark, CallPage, MissedList } from "../api/types";
import { Empty, Loading, Panel } from "../parts/small";
import { to } from "../route";
import { attempt } from "../sayings";
import { clock, fullMoment, moment, named, phone, t } from "../words";
import { reach } from "./reach";

const TABS = ["missed", "recent", "tasks"] as const;

export function Lists() {
  const [tab, setTab] = useState<(typeof TABS)[number]>("missed");
  return (
    <Panel
      title={t(`lists.${tab}`)}
      tools={
        <div class="tabs" role="group" aria-label={t("lists")}>
          {TABS.map((name) => (
            <button key={name} type="button" aria-pressed={name === tab} onClick={() => setTab(name)}>
              {t(`lists.${name}.short`)}
            </button>
          ))}
        </div>
      }
    >
      {tab === "missed" ? <Missed /> : tab === "recent" ? <Recent /> : <Tasks />}
    </Panel>
  );
}

function Call({ number, name }: { number: string; name: string }) {
  return (
    <button
      class="button small icon"
      type="button"
      aria-label={t("phone.dial-whom", { name })}
      title={t("phone.dial-whom", { name })}
      disabled={!number}
      onClick={() => void attempt(() => reach(number, "dial"))}
    >
      <Phone size={16} aria-hidden="true" />
    </button>
  );
}

function Missed() {
  const list = useAnswer<MissedList>("missed", () => get("/missed"));
  if (!list.value) return <Loading />;
  const mine = list.value.callers.filter((row) => row.owner === me.value || !row.owner);
  if (!mine.length)
    return (
      <Empty icon={PartyPopper} title={t("missed.none")}>
        {t("missed.none.more")}
      </Empty>
    );
  return (
    <ul class="tasks">
      {mine.slice(0, 12).map((row) => (
        <li key={`${row.number}${row.last}`}>
          <PhoneMissed size={16} aria-hidden="true" class="soft" />
          <span class="grow">
            <span class="strong clip block">{row.name || phone(row.number) || t("card.withheld")}</span>
            <span class="small soft">
              {moment(row.last)} · {t("missed.times", { n: row.count })}
              {row.queue && ` · ${row.queue}`}
            </span>
          </span>
          <Call number={row.number} name={row.name || row.number} />
        </li>
      ))}
    </ul>
  );
}

function Recent() {
  const page = useAnswer<CallPage>(me.value, () => get("/calls", { agent: me.value, limit: 15 }));
  if (!page.value) return <Loading />;
  if (!page.value.calls.length)
    return (
      <Empty icon={History} title={t("calls.none")}>
        {t("recent.none.more")}
      </Empty>
    );
  return (
    <ul class="tasks">
      {page.value.calls.map((call) => {
        const number = call.direction === "outgoing" ? call.called : call.caller;
        const name = call.caller_name || phone(number);
        return (
          <li key={call.id}>
            <span class="grow">
              <a class="strong clip block" href={to("calls", call.id)}>
                {name}
              </a>
              <span class="small soft" title={fullMoment(call.started)}>
                {moment(call.started)} · {named("outcome", call.outcome)}
                {call.talk_ms > 0 && ` · ${clock(call.talk_ms / 1000)}`}
              </span>
            </span>
            <Call number={number} name={name} />
          </li>
        );
      })}
    </ul>
  );
}

function Tasks() {
  const list = useAnswer<Bookmark[]>(me.value, () => get("/bookmarks", { agent: me.value }), true);
  if (!list.value && !list.error) return <Loading />;
  if (!list.value?.length)
    return (
      <Empty icon={PartyPopper} title={t("tasks.none")}>
        {t("tasks.none.more")}
      </Empty>
    );
  return (
    <ul class="tasks">
      {list.value.map((task) => (
        <li key={task.id}>
          <span class="grow">
            <span class="strong clip block">
              {task.sku} · {phone(task.number)}
            </span>
            <span class="small soft">
              {task.arrived ? t("tasks.arrived", { when: moment(task.arrived) }) : t("tasks.awaited")}
              {task.note && ` · ${task.note}`}
            </span>
          </span>
          {task.arrived > 0 && (
            <button class="button small" type="button"
              onClick={() => void attempt(() => post(`/bookmarks/${part(String(task.id))}/done`)).then(list.again)}>
              {t("tasks.done")}
            </button>
          )}
          <Call number={task.number} name={task.number} />
        </li>
      ))}
    </ul>
  );
}
