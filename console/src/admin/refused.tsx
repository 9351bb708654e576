// Who is not served: numbers on the blacklist, and sources whose messages are dropped unread.
import { Ban, ShieldCheck } from "lucide-preact";
import { useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { get, part, put, remove } from "../api/client";
import type { BanView, Block } from "../api/types";
import { Empty, Loading, Panel } from "../parts/small";
import { attempt } from "../sayings";
import { fullMoment, moment, phone, t } from "../words";

export function RefusedTab() {
  return (
    <div class="two">
      <Blocks />
      <Bans />
    </div>
  );
}

function Blocks() {
  const list = useAnswer<Block[]>("blocked", () => get("/blocked"), true);
  const [number, setNumber] = useState("");
  const [reason, setReason] = useState("");
  const add = async (event: Event) => {
    event.preventDefault();
    if (!(await attempt(() => put(`/blocked/${part(number)}`, { until: 0, reason })))) return;
    setNumber("");
    setReason("");
    list.again();
  };
  return (
    <Panel title={t("blocked")} count={list.value?.length ?? 0}>
      <form class="inside row" onSubmit={add}>
        <input class="input narrow" required placeholder={t("calls.number")} aria-label={t("calls.number")} value={number}
          onInput={(event) => setNumber(event.currentTarget.value)} />
        <input class="input narrow" maxLength={200} placeholder={t("report.reason")} aria-label={t("report.reason")} value={reason}
          onInput={(event) => setReason(event.currentTarget.value)} />
        <button class="button" type="submit">
          {t("blocked.add")}
        </button>
      </form>
      {!list.value && !list.error ? (
        <Loading />
      ) : list.value?.length ? (
        <ul class="tasks">
          {list.value.map((block) => (
            <li key={block.number}>
              <Ban size={18} aria-hidden="true" class="soft" />
              <span class="grow">
                <span class="strong">{phone(block.number)}</span>
                <span class="small soft block" title={fullMoment(block.since)}>
                  {[block.reason, block.until ? t("blocked.until", { when: moment(block.until) }) : t("blocked.ever")].filter(Boolean).join(" · ")}
                </span>
              </span>
              <button class="button small" type="button" onClick={() => void attempt(() => remove(`/blocked/${part(block.number)}`)).then(list.again)}>
                {t("blocked.remove")}
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <Empty icon={ShieldCheck} title={t("blocked.none")}>
          {t("blocked.none.more")}
        </Empty>
      )}
    </Panel>
  );
}

function Bans() {
  const list = useAnswer<BanView[]>("bans", () => get("/bans"));
  return (
    <Panel title={t("bans")} count={list.value?.length ?? 0}>
      {!list.value ? (
        <Loading />
      ) : list.value.length ? (
        <ul class="tasks">
          {list.value.map((ban) => (
            <li key={ban.source}>
              <Ban size={18} aria-hidden="true" class="soft" />
              <span class="grow">
                <span class="strong">{ban.source}</span>
                <span class="small soft block">
                  {ban.offence} · {t("blocked.until", { when: moment(ban.until) })}
                </span>
              </span>
              <button class="button small" type="button" onClick={() => void attempt(() => remove(`/bans/${part(ban.source)}`)).then(list.again)}>
                {t("bans.lift")}
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <Empty icon={ShieldCheck} title={t("bans.none")}>
          {t("bans.none.more")}
        </Empty>
      )}
    </Panel>
  );
}
