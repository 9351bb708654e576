// One box to reach anybody: people with what they do now, queues, numbers. Without a call it dials, in a call it asks or passes on.
import { CircleParking, ListOrdered, MessageCircleQuestion, Phone, PhoneForwarded, Search, UserRound } from "lucide-preact";
import { useState } from "preact/hooks";
import { part, post, Refused } from "../api/client";
import type { AgentView } from "../api/types";
import { agents, calls, displayName, myself, phones, queues } from "../house";
import { AgentLamp } from "../parts/lamp";
import { Since } from "../parts/small";
import { current, dial, inCall, transfer, where } from "../phone/phone";
import { attempt } from "../sayings";
import { phone as spelled, t } from "../words";

interface Target {
  id: string;
  name: string;
  number: string;
  agent?: AgentView;
  waiting?: number;
  kind: "person" | "queue" | "phone" | "number";
}

const MOST = 8;
const PARK = "*70";

/** Whom the words typed may mean, the likeliest first. */
export function targets(text: string): Target[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const digits = text.replace(/[\s()-]/g, "");
  const people: Target[] = agents.value
    .filter(({ name }) => name !== myself.value?.name)
    .map((agent) => ({ id: `a:${agent.name}`, name: displayName(agent), number: agent.phone, agent, kind: "person" }));
  const lineUps: Target[] = queues.value
    .filter((queue) => queue.number)
    .map((queue) => ({ id: `q:${queue.name}`, name: queue.name, number: queue.number, waiting: queue.waiting, kind: "queue" }));
  const taken = new Set([...people.map(({ number }) => number), myself.value?.phone]);
  const others: Target[] = phones.value
    .filter(({ extension }) => !taken.has(extension))
    .map((one) => ({ id: `p:${one.extension}`, name: one.display_name || one.extension, number: one.extension, kind: "phone" }));
  const free = ({ agent }: Target) => agent?.state === "idle" && agent.status === "available";
  const rank = (target: Target) => (free(target) ? 0 : target.kind === "queue" ? 1 : target.agent ? 2 : 3);
  const found = [...people, ...lineUps, ...others]
    .filter((target) => words.every((word) => `${target.name} ${target.number}`.toLowerCase().includes(word)))
    .sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
  const exact = found.some(({ number }) => number === digits);
  if (/^[+*#\d]{2,}$/.test(digits) && !exact)
    found.unshift({ id: "n", name: spelled(digits), number: digits, kind: "number" });
  return found.slice(0, MOST);
}

export function Reach() {
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const found = targets(text);
  const chosen = Math.min(place, found.length - 1);
  const talking = inCall.value || (where.value === "desk" && !!myself.value?.call);
  const act = async (target: Target, how: "dial" | "ask" | "pass") => {
    if (await attempt(() => reach(target.number, how))) setText("");
  };
  return (
    <section class="panel reach" aria-label={t("reach")}>
      <label class="search">
        <Search size={18} aria-hidden="true" />
        <span class="visually-hidden">{t("reach")}</span>
        <input
          id="reach"
          class="input"
          type="search"
          aria-controls="reach-found"
          autocomplete="off"
          placeholder={t(talking ? "reach.pass" : "reach.dial")}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setPlace(0);
          }}
          onKeyDown={(event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step) setPlace((chosen + step + found.length) % Math.max(1, found.length));
            else if (event.key === "Enter" && found[chosen]) void act(found[chosen], talking ? "ask" : "dial");
            else if (event.key === "Escape") setText("");
            else return;
            event.preventDefault();
          }}
        />
        <kbd class="key">Ctrl K</kbd>
      </label>
      <span class="visually-hidden" aria-live="polite">
        {text && (found[chosen]?.name ?? t("reach.nobody"))}
      </span>
      <ul id="reach-found">
        {found.map((target, index) => (
          <li key={target.id} class={text && index === chosen ? "chosen" : ""}>
            <One target={target} />
            <span class="row tight acts">
              {talking ? (
                <>
                  <button class="button small icon" type="button" title={t("transfer.ask-whom", { name: target.name })}
                    aria-label={t("transfer.ask-whom", { name: target.name })} onClick={() => void act(target, "ask")}>
                    <MessageCircleQuestion size={17} aria-hidden="true" />
                  </button>
                  <button class="button small icon" type="button" title={t("transfer.pass-whom", { name: target.name })}
                    aria-label={t("transfer.pass-whom", { name: target.name })} onClick={() => void act(target, "pass")}>
                    <PhoneForwarded size={17} aria-hidden="true" />
                  </button>
                </>
              ) : (
                <button class="button small icon" type="button" title={t("phone.dial")}
                  aria-label={t("phone.dial-whom", { name: target.name })} onClick={() => void act(target, "dial")}>
                  <Phone size={16} aria-hidden="true" />
                </button>
              )}
            </span>
          </li>
        ))}
        {!found.length && <li class="soft small none">{t("reach.nobody")}</li>}
      </ul>
      {talking && (
        <div class="inside row small soft">
          <span class="row tight">
            <MessageCircleQuestion size={16} aria-hidden="true" /> {t("transfer.ask")}
          </span>
          <span class="row tight grow">
            <PhoneForwarded size={16} aria-hidden="true" /> {t("transfer.pass")}
          </span>
          <button class="button small" type="button" onClick={() => void attempt(() => reach(PARK, "pass"))}>
            <CircleParking size={16} aria-hidden="true" /> {t("transfer.park")}
          </button>
        </div>
      )}
    </section>
  );
}

function One({ target }: { target: Target }) {
  const Icon = { person: UserRound, queue: ListOrdered, phone: Phone, number: Phone }[target.kind];
  return (
    <>
      <Icon size={18} aria-hidden="true" class="soft" />
      <span class="grow">
        <span class="strong clip block">{target.name}</span>
        <span class="small soft row tight">
          {target.agent ? (
            <>
              <AgentLamp agent={target.agent} /> <Since at={target.agent.since} />
            </>
          ) : target.waiting !== undefined ? (
            t("queue.waiting", { n: target.waiting })
          ) : (
            target.kind === "phone" && target.number
          )}
        </span>
      </span>
    </>
  );
}

/** Dial, ask (the caller hears music meanwhile) or pass on without asking. */
export async function reach(number: string, how: "dial" | "ask" | "pass"): Promise<void> {
  const line = current.value;
  if (where.value === "browser") {
    if (how === "pass" && line) transfer(line.id, number);
    else await dial(number, how === "ask" && line ? line.id : "");
    return;
  }
  const call = calls.value.find(({ id }) => id === myself.value?.call);
  if (how === "pass" && call)
    await post(`/calls/${part(call.id)}/transfer`, { to: number, leg: call.direction === "outgoing" ? "called" : "caller" });
  else throw new Refused(409, { error: "not-possible", detail: t("phone.by-hand", { number: spelled(number) }), remedy: t("phone.by-hand.more") });
}
