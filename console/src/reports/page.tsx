// Reports: what was offered, answered and lost in a period, by one property of the calls; and what agents did in it.
import { CalendarRange, Download } from "lucide-preact";
import { useAnswer } from "../api/answer";
import { address, get } from "../api/client";
import type { AgentFigures, AgentReport, CallFigures, CallReport, StatusReport } from "../api/types";
import { Pick } from "../calls/calls";
import { agentNamed, queues } from "../house";
import { Empty, Loading, Panel, Scroll } from "../parts/small";
import { ask, query } from "../route";
import { clock, day, type Key, money, named, number, percent, phone, t } from "../words";
import { Bars, Chart } from "./chart";

const KINDS = ["queue", "day", "hour", "agent", "topic", "trunk", "number", "status"] as const;
type Kind = (typeof KINDS)[number];
const PERIODS = ["today", "yesterday", "week", "month"] as const;

function iso(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** First and last day of a period that ends now. */
export function period(name: (typeof PERIODS)[number], now = new Date()): [string, string] {
  const back = (days: number) => iso(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days));
  if (name === "today") return [back(0), back(0)];
  if (name === "yesterday") return [back(1), back(1)];
  return [back(name === "week" ? 6 : 29), back(0)];
}

export function ReportsPage() {
  const asked = query.value.get("by") ?? "queue";
  const kind = KINDS.find((one) => one === asked) ?? "queue";
  const [first, last] = [query.value.get("first") ?? period("week")[0], query.value.get("last") ?? period("week")[1]];
  const queue = query.value.get("queue") ?? "";
  const wanted = { first, last, queue: ["agent", "status", "queue"].includes(kind) ? "" : queue };
  const report = useAnswer<CallReport | AgentReport | StatusReport>(JSON.stringify([kind, wanted]), () => get(`/reports/${kind}`, wanted));
  const value = report.value;
  return (
    <>
      <div class="row">
        <div class="tabs" role="group" aria-label={t("report.by")}>
          {KINDS.map((one) => (
            <button key={one} type="button" aria-pressed={one === kind} onClick={() => ask("by", one)}>
              {t(`report.by.${one}`)}
            </button>
          ))}
        </div>
      </div>
      <section class="panel head" aria-label={t("report.period")}>
        <CalendarRange size={20} aria-hidden="true" class="soft" />
        <div class="tabs" role="group" aria-label={t("report.period")}>
          {PERIODS.map((name) => (
            <button key={name} type="button" aria-pressed={period(name).join() === [first, last].join()}
              onClick={() => {
                ask("first", period(name)[0]);
                ask("last", period(name)[1]);
              }}>
              {t(`report.${name}`)}
            </button>
          ))}
        </div>
        <input class="input narrow" type="date" aria-label={t("report.first")} value={first} max={last}
          onChange={(event) => ask("first", event.currentTarget.value)} />
        <input class="input narrow" type="date" aria-label={t("report.last")} value={last} min={first}
          onChange={(event) => ask("last", event.currentTarget.value)} />
        {!["agent", "status", "queue"].includes(kind) && (
          <Pick name="queue" all={t("calls.any-queue")} value={queue} options={queues.value.map(({ name }) => [name, name])} />
        )}
        <span class="grow" />
        {(["xlsx", "csv"] as const).map((suffix) => (
          <a key={suffix} class="button" href={address(`/reports/${kind}/${suffix}`, wanted)} download>
            <Download size={16} aria-hidden="true" /> {suffix.toUpperCase()}
          </a>
        ))}
      </section>
      {!value ? (
        <Loading />
      ) : kind === "status" ? (
        <Statuses report={value as StatusReport} />
      ) : kind === "agent" ? (
        <Agents report={value as AgentReport} />
      ) : (
        <Calls report={value as CallReport} kind={kind} />
      )}
    </>
  );
}

function Nothing() {
  return (
    <section class="panel">
      <Empty icon={CalendarRange} title={t("report.nothing")}>
        {t("report.nothing.more")}
      </Empty>
    </section>
  );
}

function seconds(value: number | null): string {
  return value === null ? "–" : clock(value);
}

function rowName(kind: Kind, name: string): string {
  if (!name) return t("report.none");
  if (kind === "day") return day(name);
  if (kind === "hour") return `${name}:00`;
  if (kind === "number") return phone(name);
  return name;
}

type Column<Row> = readonly [Key, (row: Row) => string];

function Figures<Row extends { name: string }>(props: {
  title: Key;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  total: Row;
  word: (name: string) => string;
}) {
  return (
    <Scroll>
      <table class="table">
        <thead>
          <tr>
            <th>{t(props.title)}</th>
            {props.columns.map(([key]) => (
              <th key={key} class="right">
                {t(key)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={row.name}>
              <td class="strong">{props.word(row.name)}</td>
              {props.columns.map(([key, told]) => (
                <td key={key} class="right number">
                  {told(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td class="strong">{t("report.total")}</td>
            {props.columns.map(([key, told]) => (
              <td key={key} class="right number strong">
                {told(props.total)}
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
    </Scroll>
  );
}

function Calls({ report, kind }: { report: CallReport; kind: Kind }) {
  if (!report.rows.length || !report.total.offered) return <Nothing />;
  const total = report.total;
  const columns: Column<CallFigures>[] = [
    ["report.offered", (row) => number(row.offered)],
    ["report.answered", (row) => number(row.answered)],
    ["report.abandoned", (row) => number(row.abandoned)],
    ["report.level", (row) => percent(row.service_level)],
    ["report.wait", (row) => seconds(row.wait_mean_s)],
    ["report.wait-90", (row) => seconds(row.wait_p90_s)],
    ["report.wait-longest", (row) => seconds(row.wait_longest_s)],
    ["report.handling", (row) => seconds(row.handling_mean_s)],
    ["report.lost", (row) => number(row.lost_callers)],
    ["report.money", (row) => money(row.missed_money, report.currency)],
  ];
  const words = report.rows.map((row) => rowName(kind, row.name));
  return (
    <>
      <div class="tiles">
        <Tile word={t("report.offered")} value={number(total.offered)} />
        <Tile word={t("report.answered")} value={number(total.answered)} more={percent(total.answered / total.offered)} />
        <Tile word={t("report.abandoned")} value={number(total.abandoned)} more={percent(total.abandoned / total.offered)} />
        <Tile word={t("report.level")} value={percent(total.service_level)} />
        <Tile word={t("report.wait")} value={seconds(total.wait_mean_s)} />
        <Tile word={t("report.money")} value={money(total.missed_money, report.currency)} more={t("report.callers", { n: total.lost_callers })} />
      </div>
      <Panel title={t(`report.by.${kind}`)}>
        <div class="inside">
          {kind === "day" || kind === "hour" ? (
            <Chart
              label={t("report.chart")}
              names={words}
              series={[
                [t("report.answered"), "--ready", report.rows.map(({ answered }) => answered)],
                [t("report.abandoned"), "--alarm", report.rows.map(({ abandoned }) => abandoned)],
                [t("report.others"), "--out", report.rows.map(({ others }) => others)],
              ]}
            />
          ) : (
            <Bars
              rows={report.rows.map((row, index) => ({
                name: words[index] ?? "",
                parts: [
                  [t("report.answered"), "ready", row.answered],
                  [t("report.abandoned"), "alarm", row.abandoned],
                  [t("report.others"), "out", row.others],
                ],
              }))}
            />
          )}
        </div>
        <Figures title={`report.by.${kind}`} columns={columns} rows={report.rows} total={total} word={(name) => rowName(kind, name)} />
      </Panel>
    </>
  );
}

function Tile({ word, value, more = "" }: { word: string; value: string; more?: string }) {
  return (
    <div class="panel tile">
      <span class="small soft">{word}</span>
      <span class="figure">{value}</span>
      <span class="small soft">{more}</span>
    </div>
  );
}

function Agents({ report }: { report: AgentReport }) {
  if (!report.rows.some(({ staffed_s, conversations }) => staffed_s || conversations)) return <Nothing />;
  const columns: Column<AgentFigures>[] = [
    ["report.rung", (row) => number(row.rung)],
    ["report.conversations", (row) => number(row.conversations)],
    ["report.talk", (row) => clock(row.talk_s)],
    ["report.hold", (row) => clock(row.hold_s)],
    ["report.wrap", (row) => clock(row.wrap_up_s)],
    ["report.handling", (row) => seconds(row.handling_mean_s)],
    ["report.idle", (row) => clock(row.idle_s)],
    ["report.paused", (row) => clock(row.paused_s)],
    ["report.staffed", (row) => clock(row.staffed_s)],
    ["report.occupancy", (row) => percent(row.occupancy)],
  ];
  return (
    <Panel title={t("report.by.agent")}>
      <div class="inside">
        <Bars
          rows={report.rows
            .filter(({ staffed_s }) => staffed_s > 0)
            .map((row) => ({
              name: agentNamed(row.name),
              told: (value) => clock(value),
              parts: [
                [t("report.talk"), "talking", row.talk_s + row.hold_s],
                [t("report.wrap"), "wrap", row.wrap_up_s],
                [t("report.idle"), "ready", row.idle_s + row.ringing_s],
                [t("report.paused"), "away", row.paused_s],
              ],
            }))}
        />
      </div>
      <Figures title="report.by.agent" columns={columns} rows={report.rows} total={report.total} word={agentNamed} />
    </Panel>
  );
}

function Statuses({ report }: { report: StatusReport }) {
  if (!report.rows.length) return <Nothing />;
  return (
    <Panel title={t("report.by.status")}>
      <Scroll>
        <table class="table">
          <thead>
            <tr>
              <th>{t("calls.agent")}</th>
              <th>{t("floor.status")}</th>
              <th>{t("report.reason")}</th>
              <th class="right">{t("report.time")}</th>
              <th class="right">{t("report.times")}</th>
            </tr>
          </thead>
          <tbody>
            {report.rows.map((row) => (
              <tr key={`${row.agent} ${row.status} ${row.reason}`}>
                <td class="strong">{agentNamed(row.agent)}</td>
                <td>{named("status", row.status)}</td>
                <td>{row.reason}</td>
                <td class="right number">{clock(row.seconds)}</td>
                <td class="right number">{number(row.times)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}
