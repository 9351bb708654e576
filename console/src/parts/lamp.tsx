// A state: a shape, a word and a colour, so that none of them is needed alone.
import type { FunctionComponent } from "preact";
import { named } from "../words";

export type Tone = "ready" | "ringing" | "talking" | "wrap" | "away" | "out" | "alarm";

const SHAPES: Record<Tone, FunctionComponent> = {
  ready: () => <circle cx="8" cy="8" r="5.5" fill="currentColor" />,
  ringing: () => <path d="M8 1.5 14.5 8 8 14.5 1.5 8Z" fill="currentColor" />,
  talking: () => (
    <g fill="currentColor">
      <rect x="1.5" y="6" width="2.6" height="4" rx="1.3" />
      <rect x="6.7" y="2" width="2.6" height="12" rx="1.3" />
      <rect x="11.9" y="4.5" width="2.6" height="7" rx="1.3" />
    </g>
  ),
  wrap: () => <path d="M3 1.5h10v3L9.5 8l3.5 3.5v3H3v-3L6.5 8 3 4.5Z" fill="currentColor" />,
  away: () => (
    <g fill="currentColor">
      <rect x="3" y="2.5" width="3.6" height="11" rx="1" />
      <rect x="9.4" y="2.5" width="3.6" height="11" rx="1" />
    </g>
  ),
  out: () => <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2" />,
  alarm: () => <path d="M8 1.2 15 14H1Z" fill="currentColor" />,
};

export function Lamp({ tone, children, tag = false }: { tone: Tone; children?: preact.ComponentChildren; tag?: boolean }) {
  const Shape = SHAPES[tone];
  return (
    <span class={`lamp${tag ? " tag" : ""}`} data-tone={tone}>
      <svg width="0.8em" height="0.8em" viewBox="0 0 16 16" aria-hidden="true" class={tone === "ringing" ? "pulse" : ""}>
        <Shape />
      </svg>
      {children}
    </span>
  );
}

const OF_STATE: Record<string, Tone> = {
  offered: "ringing",
  ringing: "ringing",
  talking: "talking",
  held: "talking",
  "own-call": "talking",
  "wrap-up": "wrap",
  "after-call": "wrap",
};

export interface Standing {
  status: string;
  state: string;
  reachable: boolean;
}

/** What an agent is doing, in one tone: the machine's state where it is busy, else the human's status. */
export function toneOf(agent: Standing): Tone {
  const busy = OF_STATE[agent.state];
  if (busy) return busy;
  if (agent.status === "logged-out") return "out";
  if (agent.status === "available") return agent.reachable ? "ready" : "alarm";
  return "away";
}

/** The same in words. */
export function wordOf(agent: Standing): string {
  if (OF_STATE[agent.state]) return named("state", agent.state);
  if (agent.status === "available" && !agent.reachable) return named("state", "unreachable");
  return named("status", agent.status);
}

export function AgentLamp({ agent, tag = false }: { agent: Standing; tag?: boolean }) {
  return (
    <Lamp tone={toneOf(agent)} tag={tag}>
      {wordOf(agent)}
    </Lamp>
  );
}
