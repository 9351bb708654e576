// Whom nobody has reached yet, what that costs, and who takes care.
import { PartyPopper, Phone } from "lucide-preact";
import { useAnswer } from "../api/answer";
import { get, part, put } from "../api/client";
import { me } from "../api/session";
import type { MissedList } from "../api/types";
import { reach } from "../desk/reach";
import { agents, displayName, missedCount, queues } from "../house";
import { Empty, Loading, Panel, Scroll } from "../parts/small";
import { query, to } from "../route";
import { attempt } from "../sayings";
import { clock, fullMoment, moment, money, phone, t } from "../words";
import { Pick } from "./calls";

export function MissedPage() {
  const queue = query.value.get("queue") ?? "";
  const list = useAnswer<MissedList>(`missed ${queue}`, () => get("/missed", { queue }));
  if (list.value && !queue) missedCount.value = list.value.callers.length;
  const own = (number: string, owner: string) =>
    void attempt(() => put(`/missed/${part(number)}/owner`, { owner })).then(list.again);
  return (
    <Panel
      title={t("missed")}
      count={list.value?.callers.length ?? 0}
      tools={
        <>
          {list.value && list.value.value > 0 && (
            <span class="soft">{t("missed.worth", { money: money(list.value.value, list.value.currency) })}</span>
          )}
          <Pick name="queue" all={t("calls.any-queue")} value={queue} options={queues.value.map(({ name }) => [name, name])} />
        </>
      }
    >
      {!list.value ? (
        <Loading />
      ) : list.value.callers.length ? (
        <Scroll>
          <table class="table">
            <thead>
              <tr>
                <th>{t("calls.who")}</th>
                <th>{t("missed.last")}</th>
                <th class="right">{t("missed.count")}</th>
                <th class="right">{t("calls.waited")}</th>
                <th>{t("calls.queue")}</th>
                <th class="right">{t("missed.value")}</th>
                <th>{t("missed.owner")}</th>
                <th>
                  <span class="visually-hidden">{t("phone.dial")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.value.callers.map((row) => (
                <tr key={`${row.number}${row.last}`}>
                  <td>
                    <span class="strong block">{row.name || phone(row.number) || t("card.withheld")}</span>
                    <span class="small soft">{[row.name && phone(row.number), row.category].filter(Boolean).join(" · ")}</span>
                  </td>
                  <td title={fullMoment(row.last)}>
                    <a href={to("calls", row.calls[0] ?? "")}>{moment(row.last)}</a>
                  </td>
                  <td class="right number">{row.count}</td>
                  <td class="right number">{clock(row.waited_ms / 1000)}</td>
                  <td>{row.queue}</td>
                  <td class="right number">{row.value > 0 && money(row.value, list.value?.currency ?? "")}</td>
                  <td>
                    <select class="input narrow" aria-label={t("missed.owner")} value={row.owner} disabled={!row.number}
                      onChange={(event) => own(row.number, event.currentTarget.value)}>
                      <option value="">{t("missed.nobody")}</option>
                      {agents.value.map((agent) => (
                        <option key={agent.name} value={agent.name}>
                          {displayName(agent)}
                        </option>
                      ))}
                    </select>
                  </td>
                  <td class="right">
                    {me.value && (
                      <button class="button small" type="button" disabled={!row.number}
                        onClick={() => void attempt(() => reach(row.number, "dial"))}>
                        <Phone size={16} aria-hidden="true" /> {t("missed.call")}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <Empty icon={PartyPopper} title={t("missed.none")}>
          {t("missed.none.more")}
        </Empty>
      )}
    </Panel>
  );
}
