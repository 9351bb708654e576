// What was done, by whom, and what was refused.
import { ScrollText } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { get } from "../api/client";
import type { AuditEntry, AuditPage } from "../api/types";
import { Lamp } from "../parts/lamp";
import { Empty, Loading, Panel, Scroll } from "../parts/small";
import { attempt } from "../sayings";
import { fullMoment, moment, named, t } from "../words";

export function AuditTab() {
  const first = useAnswer<AuditPage>("audit", () => get("/audit", { limit: 100 }));
  const [more, setMore] = useState<AuditEntry[]>([]);
  const [next, setNext] = useState<number | null>(null);
  useEffect(() => setNext(first.value?.next ?? null), [first.value]);
  const rows = [...(first.value?.entries ?? []), ...more];
  return (
    <Panel title={t("admin.audit")}>
      {!first.value ? (
        <Loading />
      ) : rows.length ? (
        <Scroll>
          <table class="table">
            <thead>
              <tr>
                <th>{t("calls.when")}</th>
                <th>{t("audit.who")}</th>
                <th>{t("audit.act")}</th>
                <th>{t("audit.target")}</th>
                <th>{t("audit.outcome")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((entry, index) => (
                <tr key={index}>
                  <td title={fullMoment(entry.at)}>{moment(entry.at)}</td>
                  <td>
                    <span class="strong">{entry.user}</span>
                    <span class="small soft block">{[entry.role && named("role", entry.role), entry.source].filter(Boolean).join(" · ")}</span>
                  </td>
                  <td>{entry.act.replace("/api/v1", "")}</td>
                  <td class="soft">{entry.target.replace("/api/v1", "")}</td>
                  <td>
                    <Lamp tone={entry.status < 400 ? "ready" : "alarm"}>{t(entry.status < 400 ? "audit.done" : "audit.refused")}</Lamp>
                    {entry.detail && <span class="small soft block secret">{entry.detail}</span>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <Empty icon={ScrollText} title={t("audit.none")} />
      )}
      {next !== null && (
        <div class="inside">
          <button class="button" type="button"
            onClick={() =>
              void attempt(async () => {
                const page = await get<AuditPage>("/audit", { limit: 100, before: next });
                setMore([...more, ...page.entries]);
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
