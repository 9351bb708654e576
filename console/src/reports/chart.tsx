// Charts: columns over days or hours (uPlot, loaded when first wanted), and bars of named things.
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Tone } from "../parts/lamp";
import { theme } from "../theme";
import { number } from "../words";

type Series = readonly [word: string, colour: string, values: readonly number[]];

interface Props {
  label: string;
  names: readonly string[];
  series: readonly Series[];
}

/** Stacked columns; the table below tells the same in numbers. */
export function Chart({ label, names, series }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const dressed = theme.value;
  useEffect(() => {
    let drawn: uPlot | null = null;
    let gone = false;
    let resized: ResizeObserver | null = null;
    void import("uplot").then(({ default: UPlot }) => {
      const box = place.current;
      if (gone || !box) return;
      const style = getComputedStyle(document.documentElement);
      const probe = document.createElement("span");
      box.append(probe);
      // light-dark() is resolved where a colour is used, not where it is named
      const colour = (name: string) => {
        probe.style.color = `var(${name})`;
        return getComputedStyle(probe).color;
      };
      const colours = series.map(([, name]) => colour(name));
      const [ink, line] = [colour("--ink-soft"), colour("--line")];
      probe.remove();
      const sums = series.map((_, index) =>
        names.map((_, column) => series.slice(0, index + 1).reduce((sum, [, , values]) => sum + (values[column] ?? 0), 0)),
      );
      const bars = UPlot.paths.bars?.({ size: [0.7, 56], radius: 0.12 });
      const font = `12px ${style.getPropertyValue("--text")}`;
      const axis = { stroke: ink, font, ticks: { show: false } };
      drawn = new UPlot(
        {
          width: box.clientWidth,
          height: 260,
          cursor: { show: false },
          legend: { show: false },
          scales: { x: { time: false, range: [-0.6, names.length - 0.4] }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] } },
          axes: [
            { ...axis, grid: { show: false }, splits: () => names.map((_, at) => at), values: (_, all) => all.map((at) => names[at] ?? ""), space: 70,
              filter: (_, all) => all.map((at) => (at % Math.max(1, Math.ceil((names.length * 80) / box.clientWidth)) ? null : at)) },
            { ...axis, grid: { stroke: line, width: 1 }, values: (_, all) => all.map((value) => number(value)), size: 44 },
          ],
          // the highest sum first, so that the lower ones are painted over it
          series: [{}, ...series.map(([word], index) => ({ label: word, fill: colours[index] ?? ink, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) })).reverse()],
        },
        [names.map((_, at) => at), ...[...sums].reverse()] as uPlot.AlignedData,
        box,
      );
      resized = new ResizeObserver(() => drawn?.setSize({ width: box.clientWidth, height: 260 }));
      resized.observe(box);
    });
    return () => {
      gone = true;
      resized?.disconnect();
      drawn?.destroy();
    };
  }, [JSON.stringify([names, series]), dressed]);
  return (
    <figure>
      <Legend words={series.map(([word, colour]) => [word, colour.slice(2) as Tone])} />
      <div ref={place} role="img" aria-label={label} class="chart" />
    </figure>
  );
}

function Legend({ words }: { words: readonly (readonly [string, Tone])[] }) {
  return (
    <figcaption class="legend">
      {words.map(([word, tone]) => (
        <span key={word} data-tone={tone}>
          {word}
        </span>
      ))}
    </figcaption>
  );
}

export interface BarRow {
  name: string;
  parts: readonly (readonly [word: string, tone: Tone, value: number])[];
  told?: (value: number) => string;
}

/** A bar a row, its parts as long as they count; the longest row fills the width. */
export function Bars({ rows }: { rows: readonly BarRow[] }) {
  const sum = (row: BarRow) => row.parts.reduce((all, [, , value]) => all + value, 0);
  const most = Math.max(1, ...rows.map(sum));
  return (
    <figure>
      <Legend words={(rows[0]?.parts ?? []).map(([word, tone]) => [word, tone])} />
      <ul class="bars">
        {rows.map((row) => (
          <li key={row.name}>
            <span class="clip">{row.name}</span>
            <span class="bar" role="img" aria-label={row.parts.map(([word, , value]) => `${word} ${(row.told ?? number)(value)}`).join(", ")}>
              {row.parts.map(([word, tone, value]) => (
                <span key={word} data-tone={tone} style={{ width: `${(value / most) * 100}%` }} title={`${word} ${(row.told ?? number)(value)}`} />
              ))}
            </span>
            <span class="number right">{(row.told ?? number)(sum(row))}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
