// What the live connection told of the house: everything now, kept up to date by deltas.
import { computed, signal } from "@preact/signals";
import type { AgentView, CallView, HouseView, PhoneView, QueueView, TrunkView } from "./api/types";
import { me } from "./api/session";

export const trunks = signal<readonly TrunkView[]>([]);
export const phones = signal<readonly PhoneView[]>([]);
export const queues = signal<readonly QueueView[]>([]);
export const agents = signal<readonly AgentView[]>([]);
export const calls = signal<readonly CallView[]>([]);
export const house = signal<HouseView | null>(null);
export const currency = signal("");
/** What does not work, for supervisors. */
export const alarms = signal<readonly Alarm[]>([]);
/** How fast the house is: the worst but one in a hundred, ms; null before any. */
export const figures = signal<Figures | null>(null);
export const missedCount = signal(0);

export interface Alarm {
  name: string;
  detail: string;
  remedy: string;
}

export interface Figures {
  free_to_ring_p99_ms: number | null;
  answer_to_audio_p99_ms: number | null;
}

/** The agent whose desk this is. */
export const myself = computed(() => agents.value.find(({ name }) => name === me.value) ?? null);
/** The call of that agent: in conversation or offered. */
export const myCall = computed(() => {
  const id = myself.value?.call;
  return (id && calls.value.find((call) => call.id === id)) || null;
});

export function displayName(agent: { name: string; display_name: string }): string {
  return agent.display_name || agent.name;
}

export function agentNamed(name: string): string {
  const agent = agents.value.find((one) => one.name === name);
  return agent ? displayName(agent) : name;
}
