// The time now, once a second, and how far the switch's clock is from ours.
import { signal } from "@preact/signals";

/** ms to add to our clock to have the switch's. */
export const clockOffset = signal(0);
const ours = signal(Date.now());
setInterval(() => (ours.value = Date.now()), 1000);

/** The switch's time, ms; whoever reads it in a component is drawn anew each second. */
export function now(): number {
  return ours.value + clockOffset.value;
}

export function secondsSince(at: number): number {
  return at ? Math.max(0, (now() - at) / 1000) : 0;
}
