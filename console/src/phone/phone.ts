// The phone in the browser: JsSIP over a WebSocket of the same origin, sound by WebRTC. Loaded when it is first wanted.
import { computed, effect, signal } from "@preact/signals";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { UA } from "jssip/lib/UA";
import { get } from "../api/client";
import type { BrowserPhone } from "../api/types";
import { session as signedIn } from "../api/session";
import { failed } from "../sayings";
import { t } from "../words";
import { forget, type Kept, keep, kept } from "./kept";
import { Mixer } from "./mixer";
import { quiet, ring } from "./ring";

export type LineState = "ringing" | "dialling" | "up" | "over";

/** One conversation of this phone as it is drawn. */
export interface Line {
  id: string;
  incoming: boolean;
  number: string;
  name: string;
  state: LineState;
  held: boolean;
  muted: boolean;
  /** When it began to ring or was answered, ms of our clock. */
  since: number;
  /** This line was dialled to ask about that one. */
  about: string;
}

export type PhoneState = "off" | "starting" | "ready" | "lost" | "refused" | "deaf";
export type Where = "browser" | "desk";

const remembered = localStorage.getItem("phone");
/** Which phone this agent uses: the one in the page, or one that stands on the desk. */
export const where = signal<Where>(remembered === "desk" ? "desk" : "browser");
export const state = signal<PhoneState>("off");
export const lines = signal<readonly Line[]>([]);
export const joined = signal(false);

/** The line that matters most: what rings, else what is not held, else the last. */
export const current = computed<Line | null>(() => {
  const live = lines.value.filter((line) => line.state !== "over");
  return live.find((line) => line.state === "ringing") ?? live.find((line) => !line.held) ?? live.at(-1) ?? null;
});
export const inCall = computed(() => lines.value.some((line) => line.state !== "over"));

const KEY = { duration: 100, interToneGap: 80 };
const sessions = new Map<string, RTCSession>();
const mixer = new Mixer();
let account: BrowserPhone | null = null;
let domain = "";
let resumed: Kept | null = null;
let agent: UA | null = null;
let last = 0;

function change(id: string, fields: Partial<Line>): void {
  lines.value = lines.value.map((line) => (line.id === id ? { ...line, ...fields } : line));
}

const media = { mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } };

/** Register. Does nothing where it already is. */
export async function start(): Promise<void> {
  if (agent || where.value !== "browser") return;
  state.value = "starting";
  try {
    const [{ default: JsSIP }, found] = await Promise.all([
      import("jssip") as Promise<unknown> as Promise<{ default: typeof import("jssip") }>, // a CommonJS module, bundled
      get<BrowserPhone>("/session/phone"),
    ]);
    if (agent || where.value !== "browser") return;
    account = found;
    domain = found.address_of_record.replace(/^.*@/, "");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const begun = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(`${scheme}://${location.host}${found.path}`)],
      uri: found.address_of_record,
      display_name: found.display_name,
      authorization_user: found.user,
      password: found.password,
      register_expires: 120,
      session_timers: true,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
      user_agent: "softacd console",
    });
    agent = begun;
    begun.on("registered", () => {
      state.value = "ready";
      comeBack();
    });
    begun.on("unregistered", () => (state.value = agent ? "lost" : "off"));
    begun.on("disconnected", () => (state.value = agent ? "lost" : "off"));
    begun.on("registrationFailed", () => (state.value = "refused"));
    begun.on("newRTCSession", (event: { session: RTCSession; request: unknown }) => take(event.session, event.request));
    begun.start();
    void listenFirst();
  } catch (error) {
    state.value = "refused";
    failed(error);
  }
}

/** Ask for the microphone before the first call needs it. */
async function listenFirst(): Promise<void> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
  } catch {
    state.value = "deaf";
  }
}

export function stop(): void {
  const before = agent;
  agent = null;
  account = null;
  state.value = "off";
  before?.stop();
}

effect(() => {
  if (signedIn.value === null) stop();
});

export function choose(place: Where): void {
  where.value = place;
  localStorage.setItem("phone", place);
  if (place === "desk") stop();
  else void start();
}

/** Take up again what the page was in when it was loaded anew: our leg waits for us, whoever it talked to hears music. */
function comeBack(): void {
  const found = kept();
  if (!found || !agent || !account || inCall.value) return;
  resumed = found;
  const headers = [`Replaces: ${found.dialog}`, "Require: replaces"];
  agent.call(account.address_of_record, { ...media, extraHeaders: headers });
}

/** What asks a phone to pick up by itself: the switch brings back the call this page was in (RFC 5373, Call-Info). */
function shallAnswer(request: unknown): boolean {
  const message = request as { getHeader?: (name: string) => string | undefined } | null;
  const info = message?.getHeader?.("Call-Info") ?? "";
  const mode = message?.getHeader?.("Answer-Mode") ?? "";
  return /answer-after=0/i.test(info) || /^auto/i.test(mode);
}

function take(session: RTCSession, request: unknown): void {
  const incoming = session.direction === "incoming";
  if (incoming && lines.value.some((line) => line.state === "ringing")) {
    session.terminate({ status_code: 486 });
    return;
  }
  const id = `line-${++last}`;
  sessions.set(id, session);
  const other = session.remote_identity;
  const before = resumed; // this page was in the call before it was loaded
  resumed = null;
  lines.value = [
    ...lines.value.filter((line) => line.state !== "over"),
    {
      id,
      incoming: before?.incoming ?? incoming,
      number: before?.number ?? other.uri.user ?? "",
      name: before?.name ?? other.display_name ?? "",
      state: incoming ? "ringing" : "dialling",
      held: false,
      muted: false,
      since: before?.since ?? Date.now(),
      about: "",
    },
  ];
  session.on("confirmed", () => {
    change(id, { state: "up", ...(before ? {} : { since: Date.now() }) });
    const line = lines.value.find((one) => one.id === id);
    if (line) keep(session, line);
    quiet();
  });
  session.on("ended", () => over(id));
  session.on("failed", (event: { cause?: string }) => {
    if (event.cause === "User Denied Media Access") state.value = "deaf";
    over(id);
  });
  const held = () => change(id, { held: session.isOnHold().local });
  session.on("hold", held);
  session.on("unhold", held);
  session.on("muted", () => change(id, { muted: true }));
  session.on("unmuted", () => change(id, { muted: false }));
  if (session.connection) hear(id, session.connection);
  else session.on("peerconnection", (event: { peerconnection: RTCPeerConnection }) => hear(id, event.peerconnection));
  if (!incoming) return;
  if (shallAnswer(request)) void answer(id);
  else {
    ring();
    tell(other.display_name || other.uri.user || "");
  }
}

function hear(id: string, connection: RTCPeerConnection): void {
  connection.addEventListener("track", (event) => {
    const player = document.createElement("audio");
    player.srcObject = event.streams[0] ?? new MediaStream([event.track]);
    player.autoplay = true;
    player.dataset["line"] = id;
    document.body.append(player);
    void player.play().catch(() => undefined);
  });
}

function over(id: string): void {
  const session = sessions.get(id);
  if (session) forget(session);
  sessions.delete(id);
  change(id, { state: "over" });
  document.querySelector(`audio[data-line="${id}"]`)?.remove();
  if (!lines.value.some((line) => line.state === "ringing")) quiet();
  if (joined.value && sessions.size < 2) unjoin();
}

/** A word of the system's when the page is not in sight. */
function tell(who: string): void {
  if (document.visibilityState === "visible" || !("Notification" in window)) return;
  if (Notification.permission === "granted") new Notification(t("phone.rings"), { body: who, tag: "ring" });
}

// --- what the agent does ---------------------------------------------------------------------------------------------

export async function answer(id = current.value?.id): Promise<void> {
  const session = id && sessions.get(id);
  if (!session || session.direction !== "incoming" || session.isEstablished()) return;
  quiet();
  await holdOthers(id);
  session.answer(media);
  if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
}

export async function dial(number: string, about = ""): Promise<string> {
  if (!agent || !account) throw new Error(t("phone.not-ready"));
  await holdOthers("");
  const before = last;
  agent.call(`sip:${number.replace(/[^0-9A-Za-z*#+]/g, "")}@${domain}`, media);
  const id = `line-${before + 1}`;
  if (about) change(id, { about });
  return id;
}

async function holdOthers(id: string): Promise<void> {
  for (const [other, session] of sessions)
    if (other !== id && session.isEstablished() && !session.isOnHold().local) await hold(other, true);
}

export function hold(id: string, on: boolean): Promise<void> {
  const session = sessions.get(id);
  if (!session?.isEstablished()) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      change(id, { held: session.isOnHold().local });
      resolve();
    };
    if (!(on ? session.hold({}, done) : session.unhold({}, done))) resolve();
  });
}

export async function toggleHold(id: string): Promise<void> {
  const on = !sessions.get(id)?.isOnHold().local;
  if (!on) await holdOthers(id);
  await hold(id, on);
}

export function toggleMute(id: string): void {
  const session = sessions.get(id);
  if (session?.isMuted().audio) session.unmute({ audio: true });
  else session?.mute({ audio: true });
}

export function press(id: string, keys: string): void {
  sessions.get(id)?.sendDTMF(keys, { ...KEY, transportType: "RFC2833" as never });
}

export function hangUp(id = current.value?.id): void {
  const session = id && sessions.get(id);
  if (session && !session.isEnded()) session.terminate();
}

/** Give who is on this line to a number; nobody is asked first (RFC 3515). */
export function transfer(id: string, number: string): void {
  if (account) sessions.get(id)?.refer(`sip:${number}@${domain}`);
}

/** Connect the two we talk to with each other and leave (RFC 3891). */
export function connect(first: string, second: string): void {
  const [one, other] = [sessions.get(first), sessions.get(second)];
  if (one && other) one.refer(other.remote_identity.uri, { replaces: other } as never);
}

/** All three hear each other: our page mixes. */
export async function join(first: string, second: string): Promise<void> {
  const [one, other] = [sessions.get(first), sessions.get(second)];
  if (!one || !other) return;
  await hold(first, false);
  await hold(second, false);
  await mixer.join(one.connection, other.connection);
  joined.value = true;
}

function unjoin(): void {
  joined.value = false;
  void mixer.part([...sessions.values()].map((session) => session.connection));
}
