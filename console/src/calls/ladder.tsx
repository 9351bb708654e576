// The messages of a call as a ladder: a lifeline each, softacd between them, arrows in order of time.
import type { TraceRow } from "../api/types";
import { number, t } from "../words";

const ROW = 30;
const GAP = 190;
const LEFT = 90;
const TOP = 46;
const SWITCH = "softacd";

export function Ladder({ start, trace }: { start: number; trace: readonly TraceRow[] }) {
  const parties = [...new Set(trace.map(({ party }) => party))];
  const [first, ...others] = parties;
  const columns = [first ?? "", SWITCH, ...others];
  const x = (party: string) => LEFT + 40 + columns.indexOf(party) * GAP;
  const width = LEFT + 80 + (columns.length - 1) * GAP;
  const height = TOP + trace.length * ROW + 16;
  return (
    <div class="scroll ladder" tabIndex={0} role="group" aria-label={t("call.ladder")}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={t("call.ladder.told", { n: trace.length })}>
        <defs>
          <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
            <path d="M0 0 8 4 0 8Z" class="tip" />
          </marker>
        </defs>
        {columns.map((party) => (
          <g key={party}>
            <line x1={x(party)} x2={x(party)} y1={TOP - 14} y2={height - 6} class="life" />
            <text x={x(party)} y={20} text-anchor="middle" class="party">
              {party.replace(/^[a-z]+:/, "")}
            </text>
          </g>
        ))}
        {trace.map((row, index) => {
          const y = TOP + index * ROW + 14;
          const [from, target] = row.sent ? [SWITCH, row.party] : [row.party, SWITCH];
          const bad = /^[4-6]\d\d/.test(row.line);
          return (
            <g key={index} class={bad ? "bad" : /^2\d\d/.test(row.line) ? "good" : ""}>
              <text x={6} y={y + 4} class="time">
                {number((row.at - start) / 1000, 3)}
              </text>
              <line x1={x(from)} x2={x(target) + (x(from) < x(target) ? -2 : 2)} y1={y} y2={y} class="arrow" marker-end="url(#tip)" />
              <text x={x(row.party) + (x(row.party) < x(SWITCH) ? GAP : -GAP) / 2} y={y - 5} text-anchor="middle">
                {row.line}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
