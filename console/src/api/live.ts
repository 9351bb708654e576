// The live connection: one WebSocket with a snapshot, then deltas; taken up again where it broke.
import { signal } from "@preact/signals";
import { agents, alarms, calls, currency, figures, house, phones, queues, trunks } from "../house";
import { clockOffset } from "../ticking";
import { ROOT } from "./client";
import { EVERY, poll } from "./poll";
import { session } from "./session";

export type Link = "connecting" | "live" | "lost";
export const link = signal<Link>("connecting");
export const retryAt = signal(0);

const PATIENCE = [500, 1000, 2000, 4000, 8000, 15000];
const SILENCE = 40_000;

let socket: WebSocket | null = null;
let seen = 0;
let failures = 0;
let timer = 0;
let watchdog = 0;
let wanted = false;
let polling = 0;

type Listener = (type: string, data: unknown) => void;
const listeners = new Set<Listener>();

/** Hear of every event; returns what stops it. */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function follow(): void {
  wanted = true;
  seen = 0;
  open();
}

export function unfollow(): void {
  wanted = false;
  clearTimeout(timer);
  clearTimeout(watchdog);
  stopPolling();
  socket?.close();
  socket = null;
}

export function retry(): void {
  clearTimeout(timer);
  if (wanted && link.value === "lost") open();
}
addEventListener("online", retry);

function open(): void {
  socket?.close();
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${location.host}${ROOT}/live${seen ? `?since=${seen}` : ""}`);
  socket = opened;
  watch();
  opened.onmessage = (message) => {
    if (socket !== opened) return;
    stopPolling();
    watch();
    failures = 0;
    link.value = "live";
    take(JSON.parse(String(message.data)) as Message);
  };
  opened.onclose = () => {
    if (socket === opened) lost();
  };
}

/** A connection that says nothing for so long is dead, whatever the system believes. */
function watch(): void {
  clearTimeout(watchdog);
  watchdog = window.setTimeout(() => socket && lost(), SILENCE);
}

function lost(): void {
  const before = socket;
  socket = null;
  before?.close();
  clearTimeout(watchdog);
  if (!wanted || !session.value) return;
  const wait = PATIENCE[Math.min(failures++, PATIENCE.length - 1)] ?? 1000;
  if (failures > 1 && !polling) void ask();
  if (!polling && (failures > 1 || link.value !== "live")) link.value = "lost";
  retryAt.value = Date.now() + clockOffset.value + wait;
  timer = window.setTimeout(() => {
    if (!polling) link.value = "lost";
    open();
  }, wait);
}

/** Ask for everything as long as no socket can be had. */
async function ask(): Promise<void> {
  const mine = (polling = window.setTimeout(() => void ask(), EVERY));
  try {
    await poll();
    if (polling === mine && wanted) link.value = "live";
  } catch {
    if (polling === mine && wanted) link.value = "lost";
  }
}

function stopPolling(): void {
  clearTimeout(polling);
  polling = 0;
}

interface Message {
  type: string;
  seq: number;
  at: number;
  data?: Record<string, unknown>;
}

function take(message: Message): void {
  if (message.seq) seen = message.seq;
  if (message.at) clockOffset.value = message.at - Date.now();
  const data = message.data;
  if (!data) return;
  if (message.type === "snapshot") replace(data);
  else if (message.type === "delta") merge(data);
  else for (const listener of listeners) listener(message.type, data);
}

type Part = Record<string, unknown>;
const PARTS = {
  trunks: [trunks, "name"],
  phones: [phones, "extension"],
  queues: [queues, "name"],
  agents: [agents, "name"],
  calls: [calls, "id"],
} as const;

function replace(data: Part): void {
  for (const [name, [place]] of Object.entries(PARTS)) (place.value as unknown) = data[name] ?? [];
  rest(data);
}

function merge(data: Part): void {
  const gone = (data["gone"] ?? {}) as Record<string, string[]>;
  for (const [name, [place, key]] of Object.entries(PARTS)) {
    const changed = (data[name] ?? []) as Part[];
    const left = gone[name] ?? [];
    if (!changed.length && !left.length) continue;
    const before = place.value as unknown as Part[];
    const fresh = new Map(changed.map((one) => [one[key], one]));
    const kept = before
      .filter((one) => !left.includes(String(one[key])))
      .map((one) => {
        const now = fresh.get(one[key]);
        fresh.delete(one[key]);
        return now ?? one;
      });
    (place.value as unknown) = [...kept, ...fresh.values()];
  }
  rest(data);
}

function rest(data: Part): void {
  if (typeof data["currency"] === "string") currency.value = data["currency"];
  if (data["house"]) house.value = data["house"] as typeof house.value;
  if (data["alarms"]) alarms.value = data["alarms"] as typeof alarms.value;
  if (data["figures"]) figures.value = data["figures"] as typeof figures.value;
}
