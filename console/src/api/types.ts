// Made from /api/v1/openapi.json by `python -m softacd.web.typescript`: change it there.

/** What one agent did in a period. Figures of conversations are of those that began in it. */
export interface AgentFigures {
  /** The agent; of the total: empty. */
  name: string;
  /** How often the phone rang for a caller of a queue. */
  rung: number;
  /** Conversations with callers, those taken over by transfer too. */
  conversations: number;
  /** Seconds of them. */
  talk_s: number;
  /** Seconds callers of his were on hold. */
  hold_s: number;
  /** Seconds in wrap-up. */
  wrap_up_s: number;
  /** Conversation, hold and wrap-up of a conversation. */
  handling_mean_s: number | null;
  /** Seconds in calls no queue gave him. */
  own_calls_s: number;
  /** Seconds available with nothing to do. */
  idle_s: number;
  /** Seconds offered a call, or rung. */
  ringing_s: number;
  /** Seconds of status available, whatever he did in it. */
  available_s: number;
  /** Seconds logged in with any other status. */
  paused_s: number;
  /** Seconds logged in. */
  staffed_s: number;
  /** Conversation, hold and wrap-up, of the time available or in them: 0 to 1. */
  occupancy: number | null;
}

/** Figures of agents in a period. */
export interface AgentReport {
  /** First day. */
  first: string;
  /** Last day; the period ends with it. */
  last: string;
  /** In which days are meant; empty: the machine's. */
  time_zone: string;
  /** In the order of their names: all who are configured, and those who have talked. */
  rows: AgentFigures[];
  /** All of them together. */
  total: AgentFigures;
}

/** An agent now. */
export interface AgentView {
  /** Its configured name. */
  name: string;
  /** Name to show; empty: none is configured. */
  display_name: string;
  /** Extension of the agent's phone. */
  phone: string;
  /** What the agent said. */
  status: string;
  /** What the machine sees. */
  state: string;
  /** Why, in a word or a SIP reason phrase. */
  reason: string;
  /** Since when, ms since 1970-01-01 UTC. */
  since: number;
  /** Whether it can be reached now. */
  reachable: boolean;
  /** Id of the call; empty when there is none. */
  call: string;
  /** Calls the agent answered since midnight. */
  answered_today: number;
  /** The call whose topic the agent must still say; empty: none. */
  topic_owed: string;
  /** The status lasts longer than its reason may. */
  overdue: boolean;
}

/** An article to offer instead. */
export interface Alternative {
  /** Its number. */
  sku: string;
  /** What people call it. */
  name: string;
  /** Pieces at hand. */
  stock: number;
}

/** Something somebody did or tried. */
export interface AuditEntry {
  /** When, ms since 1970-01-01 UTC. */
  at: number;
  /** Who; "token" is the API's token, "command line" the command on the machine itself. */
  user: string;
  /** His role then; empty: not signed in. */
  role: string;
  /** Address it came from. */
  source: string;
  /** "sign-in", "sign-out", or method and path as the description of the API names it. */
  act: string;
  /** The path as it was asked for, or the user it was about. */
  target: string;
  /** The HTTP answer: below 400 it was done. */
  status: number;
  /** What was asked, as JSON without secrets; or why it failed. */
  detail: string;
}

/** What was done, newest first. */
export interface AuditPage {
  /** The entries. */
  entries: AuditEntry[];
  /** `before` of the next page; null on the last one. */
  next: number | null;
}

/** A source whose messages are dropped unread. */
export interface BanView {
  /** An IPv4 address, or an IPv6 network of 64 bits. */
  source: string;
  /** Since when, ms since 1970-01-01 UTC. */
  since: number;
  /** When it is listened to again, by itself. */
  until: number;
  /** Until then. */
  seconds_left: number;
  /** How many it has had lately, this one included; each lasts twice as long as the one before. */
  bans: number;
  /** What the last straw was: nonsense, challenged, credentials, refused, unserved, flood, stalled. */
  offence: string;
}

/** A number that is not served. */
export interface Block {
  /** E.164. */
  number: string;
  /** When it is served again, ms since 1970-01-01 UTC; 0: never. */
  until: number;
  /** Why, in the owner's words. */
  reason: string;
  /** When it was blocked, ms since 1970-01-01 UTC. */
  since: number;
}

/** A promise: when the article comes, this agent calls this customer back. */
export interface Bookmark {
  /** Its number. */
  id: number;
  /** The article. */
  sku: string;
  /** Whom to call, E.164. */
  number: string;
  /** Who promised. */
  agent: string;
  /** What was agreed. */
  note: string;
  /** When, ms since 1970-01-01 UTC. */
  made: number;
  /** When the article came, ms since 1970-01-01 UTC: since then it is a task; 0: not yet. */
  arrived: number;
  /** When the customer was called, ms since 1970-01-01 UTC; 0: not yet. */
  done: number;
}

/** How the browser becomes one's phone, for as long as the session lasts. */
export interface BrowserPhone {
  /** The phone's extension. */
  extension: string;
  /** Name others are shown. */
  display_name: string;
  /** What is registered, a SIP URI. */
  address_of_record: string;
  /** Domain of the address. */
  domain: string;
  /** Path of the WebSocket at the desk's own origin, subprotocol "sip". */
  path: string;
  /** Name that is proved ("authorization user"); it is not the extension. */
  user: string;
  /** Password of this session alone. */
  password: string;
}

/** One thing that happened to a call: flow steps, keys, announcements, offers, hold, connect. */
export interface CallEvent {
  /** Id of the call; empty when there is none. */
  call: string;
  /** When, ms since 1970-01-01 UTC. */
  at: number;
  /** What happened, in a word. */
  kind: string;
  /** More about it, in words. */
  detail: string;
}

/** Calls with one property in common. `offered` is `answered`, `abandoned` and `others` together. */
export interface CallFigures {
  /** Queue, topic, trunk or number; a day as "2026-06-01", an hour as "08"; empty: none was said. */
  name: string;
  /** Calls: with `queue` those that entered it, else those that came in from outside. */
  offered: number;
  /** Of them, those a human talked to. */
  answered: number;
  /** Of them, those that ended in the queue or before it without anybody. */
  abandoned: number;
  /** Of them, the rest: served by the machine, refused, failed. */
  others: number;
  /** Answered within the service level's seconds of their queue. */
  within_target: number;
  /** `within_target`, of all answered or abandoned in a queue: 0 to 1. */
  service_level: number | null;
  /** Seconds in the queue, of all who entered one. */
  wait_mean_s: number | null;
  /** Nine of ten waited no longer. */
  wait_p90_s: number | null;
  /** The longest. */
  wait_longest_s: number | null;
  /** Seconds in the queue of those who were answered. */
  answer_mean_s: number | null;
  /** Seconds of conversation, together. */
  talk_s: number;
  /** Seconds on hold, together. */
  hold_s: number;
  /** Seconds of wrap-up after these calls, together. */
  wrap_up_s: number;
  /** Conversation, hold and wrap-up of an answered call. */
  handling_mean_s: number | null;
  /** Callers who were missed and have not been reached since: each counted once, withheld numbers each call. */
  lost_callers: number;
  /** What they are worth: the most any of the queues they were missed in says. */
  missed_money: number;
}

/** Calls, newest first. */
export interface CallPage {
  /** Calls that live now and match; on the first page only. */
  live: CallView[];
  /** Calls from the records; those that live are among them with outcome "open". */
  calls: CallRecord[];
  /** `before` of the next page; null on the last one. */
  next: number | null;
}

/** One call, from the first INVITE to the last BYE. Written when it starts and again when it ends. */
export interface CallRecord {
  /** Its id, unique over all nodes. */
  id: string;
  /** Seen from the shop: incoming, outgoing, internal. */
  direction: Direction;
  /** When it began, ms since 1970-01-01 UTC. */
  started: number;
  /** Number or extension as presented. */
  caller: string;
  /** Number or extension dialled. */
  called: string;
  /** Name of the trunk; empty when there is none. */
  trunk: string;
  /** When the switch or the called party first answered the caller. */
  answered: number;
  /** Name of the queue; empty when there is none. */
  queue: string;
  /** When the caller entered the (last) queue. */
  queued: number;
  /** When a human was first connected. */
  connected: number;
  /** The agent who talked to the caller last; each conversation is a Segment. */
  agent: string;
  /** When it ended, ms since 1970-01-01 UTC; 0: not yet. */
  ended: number;
  /** Time in the queue, ms. */
  wait_ms: number;
  /** Time in conversation, ms. */
  talk_ms: number;
  /** Time on hold, ms. */
  hold_ms: number;
  /** How the call ended; open while it lives. */
  outcome: Outcome;
  /** SIP status or Q.850-like cause that ended it; 200 for a normal hang-up. */
  cause: number;
  /** "caller", "called", "switch". */
  ended_by: string;
  /** Keys pressed in flows, in order; "x" for one that is a secret. */
  keys: string;
  /** For missed calls: when somebody called back or the caller got through; 0 while open. */
  missed_handled: number;
  /** Name shown to who was called: a customer's, with the label of the category, or what the carrier presented. */
  caller_name: string;
  /** The caller's category when the call came; empty: none. */
  category: string;
  /** Id of the customer who called; empty: nobody known. */
  customer: string;
  /** Reason of contact, as the agent said; empty: not said. */
  topic: string;
}

/** Figures of calls in a period. */
export interface CallReport {
  /** By what there are rows. */
  kind: ReportKind;
  /** First day. */
  first: string;
  /** Last day; the period ends with it. */
  last: string;
  /** In which days and hours are meant; empty: the machine's. */
  time_zone: string;
  /** Only calls of this queue; empty: of any and of none. */
  queue: string;
  /** Of `missed_money` (ISO 4217); empty: not said. */
  currency: string;
  /** In the order of their names. */
  rows: CallFigures[];
  /** All of them together. */
  total: CallFigures;
}

/** Everything known of one call. */
export interface CallStoryAnswer {
  /** Where the call is now; null when it is over. */
  live: CallView | null;
  /** Its record; null in the moment before it is first written. */
  call: CallRecord | null;
  /** Its legs that ended, in order of time. */
  legs: LegRecord[];
  /** Its conversations, in order; a transfer ends one and begins another. */
  segments: Segment[];
  /** What happened, in order of time. */
  events: CallEvent[];
  /** Its SIP messages, in order of time. */
  trace: TraceRow[];
  /** What its caller left in mailboxes. */
  messages: MessageRecord[];
  /** What its caller said in a survey. */
  ratings: Rating[];
}

/** A call that lives now. */
export interface CallView {
  /** Its id, unique over all nodes. */
  id: string;
  /** Seen from the shop: incoming, outgoing, internal. */
  direction: string;
  /** Number or extension of the caller, as presented. */
  caller: string;
  /** Number or extension dialled. */
  called: string;
  /** Name of the trunk; empty when there is none. */
  trunk: string;
  /** "greeting", "menu", "queue", "ringing", "talking", "held" ... */
  phase: string;
  /** Since when, ms since 1970-01-01 UTC. */
  since: number;
  /** Name of the queue; empty when there is none. */
  queue: string;
  /** Place in the queue, 1 is next; 0: not waiting. */
  position: number;
  /** Seconds a caller may expect to wait; null when there is no trustworthy estimate. */
  expected_wait: number | null;
  /** Name of the agent; empty when there is none. */
  agent: string;
  /** When it began, ms since 1970-01-01 UTC. */
  started: number;
  /** Name of the caller as phones show it; empty: not known. */
  caller_name: string;
  /** Category of the customer who calls; empty: none. */
  category: string;
  /** Id of the customer who calls; empty: nobody known. */
  customer: string;
  /** Reason of contact; empty: not said yet. */
  topic: string;
  /** What other systems know of the caller. */
  contacts: ContactView[];
  /** The caller's device and the one it talks to, with how well they are heard. */
  legs: LegView[];
}

/** One call with a customer. */
export interface Contact {
  /** The call's id. */
  call: string;
  /** When it began, ms since 1970-01-01 UTC. */
  at: number;
  /** Who called whom, seen from the house. */
  direction: Direction;
  /** The number the customer used or was called at. */
  number: string;
  /** The queue; empty: none. */
  queue: string;
  /** Reason of contact; empty: not said. */
  topic: string;
  /** Who talked to the customer, in order. */
  agents: string[];
  /** How it ended. */
  outcome: Outcome;
  /** How long the customer waited. */
  wait_ms: number;
  /** How long they talked. */
  talk_ms: number;
}

/** Contacts with a customer, newest first. */
export interface ContactPage {
  /** The customer's numbers, or the one that was asked for. */
  numbers: string[];
  /** The contacts. */
  contacts: Contact[];
  /** `before` of the next page; null on the last one. */
  next: number | null;
}

/** What another system knows of who calls. */
export interface ContactView {
  /** The system's name in the configuration. */
  source: string;
  /** The system's own id of the contact. */
  id: string;
  /** Name of the contact. */
  name: string;
  /** Company the contact belongs to. */
  company: string;
  /** Category of the house the contact belongs to. */
  category: string;
  /** The agent who looks after the contact. */
  manager: string;
  /** Whatever agents should know. */
  notes: string;
  /** Address of the contact in the system. */
  link: string;
}

/** One customer. Known again by `external_id` where there is one, else by any of the numbers. */
export interface Customer {
  /** Telephone numbers, at least one; any spelling goes in, E.164 comes out. */
  numbers: string[];
  /** Name as agents' phones shall show it. */
  name: string;
  /** Id in the system the customer comes from; empty: none. */
  external_id: string;
  /** A configured category; empty: none. */
  category: string;
  /** Name of the agent who looks after the customer; empty: none. */
  manager: string;
  /** Language code of two or three small letters; empty: not known. */
  language: string;
  /** Whatever agents should know. */
  notes: string;
  /** Given by softacd; ignored when a customer is put. */
  id: number;
  /** When it last changed, ms since 1970-01-01 UTC; ignored when a customer is put. */
  updated: number;
}

/** Seen from the shop. */
export type Direction = "incoming" | "outgoing" | "internal";

/** The kinds of error an answer names. */
export type ErrorWord = "closed" | "code-needed" | "forbidden" | "internal" | "invalid" | "no-such-method" | "not-found" | "not-possible" | "too-large" | "too-many" | "unauthorised" | "unavailable";

/** A delivery on its way, with the day to tell a customer. */
export interface Expected {
  /** What was promised. */
  supply: Supply;
  /** The promised day and the supplier's usual delay, and never a day that is past. */
  likely: string;
  /** The day by which nine of ten of this supplier's deliveries have come. */
  cautious: string;
}

/** Why one customer was not taken; the others were. */
export interface FieldProblem {
  /** Which one of those put, the first is 0. */
  row: number;
  /** Its field that is wrong. */
  field: string;
  /** What is wrong with it. */
  message: string;
  /** What should stand there. */
  expected: string;
}

/** What is known of a number. */
export interface Found {
  /** E.164. */
  number: string;
  /** Whose it is; null: nobody's. */
  customer: Customer | null;
  /** Its entry on the blacklist; null: it is served. */
  block: Block | null;
}

/** One article. */
export interface Goods {
  /** The shop's own number of the article. */
  sku: string;
  /** What people call it. */
  name: string;
  /** Pieces at hand. */
  stock: number;
  /** What the supplier says of it. */
  supplier_comment: string;
  /** What the shop's buyer says of it. */
  buyer_comment: string;
  /** Articles to offer instead, by their numbers, the best first. */
  alternatives: (string | unknown)[];
}

/** All that is known of one article. */
export interface GoodsCard {
  /** The article. */
  goods: Goods;
  /** What is on its way, the likeliest first. */
  expected: Expected[];
  /** Those who deliver it. */
  suppliers: Supplier[];
  /** What to offer instead, the best first. */
  alternatives: Alternative[];
  /** Customers who wait for it. */
  bookmarks: number;
}

/** Opening hours now. */
export interface HoursView {
  /** Its configured name. */
  name: string;
  /** Whether it is open. */
  open: boolean;
  /** Why it is closed, where the week's plan is not the cause: a holiday, a date, by hand. */
  why: string;
  /** Closed until somebody opens it again. */
  closed_by_hand: boolean;
  /** When it opens next by its hours, ms since 1970-01-01 UTC; 0: open now, closed by hand, or not within a month. */
  opens: number;
}

/** What holds for the whole house. */
export interface HouseView {
  /** The callers of every queue go to the mobile phones. */
  emergency: boolean;
  /** Every opening hours that are configured. */
  hours: HoursView[];
}

/** One way on from a step. */
export interface Lead {
  /** What leads there: a key, a condition, an exit; empty: nothing, it just follows. */
  label: string;
  /** The flow of the step it leads to. */
  flow: string;
  /** The step it leads to. */
  step: string;
  /** Whether only something the caller does leads there. */
  pressed: boolean;
}

/** One leg: one dialog with one device, and its voice. Written when it ends. */
export interface LegRecord {
  /** Its id, unique over all nodes. */
  id: string;
  /** Id of the call; empty when there is none. */
  call: string;
  /** "trunk:alpha", "phone:101", "agent:ann". */
  party: string;
  /** Its number. */
  number: string;
  /** Whether the switch called this device. */
  outgoing: boolean;
  /** When it began, ms since 1970-01-01 UTC. */
  started: number;
  /** Call-ID of the dialog. */
  sip_call_id: string;
  /** When it first rang, ms since 1970-01-01 UTC; 0: never. */
  ringing: number;
  /** When it was answered, ms since 1970-01-01 UTC; 0: never. */
  answered: number;
  /** When it ended, ms since 1970-01-01 UTC; 0: not yet. */
  ended: number;
  /** What ended it or why it is in this state. */
  cause: number;
  /** Why, in a word or a SIP reason phrase. */
  reason: string;
  /** Codec of the voice. */
  codec: string;
  /** Voice packets sent. */
  packets_sent: number;
  /** Voice packets received. */
  packets_received: number;
  /** Voice packets lost on the way to the switch. */
  packets_lost: number;
  /** Jitter of the voice received, ms. */
  jitter_ms: number;
  /** Packets the other side reports lost. */
  remote_lost: number;
  /** Jitter the other side reports, ms. */
  remote_jitter_ms: number;
  /** Time there and back, ms. */
  round_trip_ms: number;
  /** Packets from addresses that are not the other side's; dropped. */
  strangers: number;
  /** How well its voice arrived here: the E-model's estimate of a listener's opinion, 1 to 4.5 (ITU-T G.107); 0: none arrived. */
  mos: number;
  /** How well it heard us, by its own reports; 0: it reported nothing. */
  remote_mos: number;
  /** What was wrong with its voice: "sent no audio", "stopped sending audio". */
  fault: string;
}

/** The voice of one device in a call that lives, as of the newest reports (every five seconds). */
export interface LegView {
  /** "trunk:alpha", "phone:101". */
  party: string;
  /** Codec of the voice. */
  codec: string;
  /** How well its voice arrives here, 1 to 4.5 (E-model, ITU-T G.107); 0: nothing has arrived, or no report yet. */
  mos: number;
  /** How well it hears us, by its own reports; 0: it reports nothing. */
  remote_mos: number;
  /** Packets that did not arrive here. */
  lost: number;
  /** Jitter of the voice received, ms. */
  jitter_ms: number;
  /** Time there and back, ms. */
  round_trip_ms: number;
  /** What is wrong with its voice: "sent no audio"; empty: nothing. */
  fault: string;
}

/** One message somebody left in a box. Written when it is left, heard and removed. */
export interface MessageRecord {
  /** The call's id and a number within the call. */
  id: string;
  /** Whose message it is: the name of the box. */
  box: string;
  /** Id of the call; empty when there is none. */
  call: string;
  /** Number or extension of the caller, as presented. */
  caller: string;
  /** Name of the caller, as agents' phones show it. */
  caller_name: string;
  /** When it was left. */
  left: number;
  /** Path below the directory of messages. */
  file: string;
  /** Length. */
  seconds: number;
  /** When it was first heard; 0: it is new. */
  heard: number;
  /** When it was deleted, file and all; 0: it is there. */
  removed: number;
  /** Why it could not be kept to its end. */
  error: string;
}

/** A caller nobody has reached yet, however often he called. The row is gone once either side gets through. */
export interface MissedCaller {
  /** As presented by the last call; empty: withheld, and then every call is a row of its own. */
  number: string;
  /** Name of the customer as phones show it, or as the carrier presented it; empty: not known. */
  name: string;
  /** Category of the customer; empty: none. */
  category: string;
  /** Id of the customer; empty: nobody known. */
  customer: string;
  /** Missed calls. */
  count: number;
  /** When the first of them began. */
  first: number;
  /** When the last of them began. */
  last: number;
  /** The longest time spent waiting in one of them. */
  waited_ms: number;
  /** Queue of the last of them; empty: he got to none. */
  queue: string;
  /** The agent who takes care: assigned, else the customer's manager, else who let it ring last; empty: nobody. */
  owner: string;
  /** Whether somebody decided on the owner. */
  assigned: boolean;
  /** Ids of the calls, the newest first. */
  calls: string[];
  /** Queues of these calls, in the same order. */
  queues: string[];
  /** What it costs to lose this caller: once, however often he called; the most any of the queues says. */
  value: number;
  /** Ids of the messages left in these calls that are kept, the newest first. */
  messages: string[];
}

/** Whom nobody has reached yet, who called last first. */
export interface MissedList {
  /** A row for each caller. */
  callers: MissedCaller[];
  /** What all of them are worth together, each counted once. */
  value: number;
  /** Of every value (ISO 4217); empty: not said. */
  currency: string;
}

/** How a call ended, in one word. OPEN only while it lives; INTERRUPTED is written by the next start. */
export type Outcome = "open" | "answered" | "abandoned" | "missed" | "busy" | "no-answer" | "failed" | "refused" | "served" | "interrupted";

/** A phone: its registrations and calls. */
export interface PhoneView {
  /** The phone's extension. */
  extension: string;
  /** Name to show; empty: none is configured. */
  display_name: string;
  /** Addresses the phone is registered from; empty: not registered. */
  contacts: string[];
  /** Calls the phone is in. */
  calls: number;
  /** Its user does not want it to ring. */
  do_not_disturb: boolean;
  /** Where every call goes; empty: nowhere. */
  forward_always: string;
  /** Where calls go that find it busy; empty: nowhere. */
  forward_busy: string;
  /** Where calls go that nobody answers; empty: nowhere. */
  forward_no_answer: string;
}

/** Every answer with a status of 400 or more. */
export interface Problem {
  /** What kind of error, for programs. */
  error: ErrorWord;
  /** What went wrong, in words. */
  detail: string;
  /** What to do about it, in words; empty when there is nothing to say. */
  remedy: string;
}

/** What became of the customers that were put. */
export interface PutReport {
  /** Customers that are new. */
  created: number;
  /** Customers that were known and changed. */
  updated: number;
  /** Customers that were known and are as put. */
  unchanged: number;
  /** Customers that were not taken, and why. */
  problems: FieldProblem[];
}

/** What a queue would do with the caller now. */
export interface QueueForecast {
  /** The queue's name. */
  queue: string;
  /** "rings", "waits", "emergency" (the mobile phones are called), or the exit he leaves by at once ("full"). */
  outcome: string;
  /** Why he is not let in; empty when he is. */
  why: string;
  /** Place in line, 1 is next; 0: in none. */
  place: number;
  /** The agent who is rung alone at first; empty: nobody in particular. */
  meant_for: string;
  /** Each agent and his reason, those who ring first. */
  standings: Standing[];
  /** Agents who do not ring either and of whom nothing is told. */
  more: number;
  /** Seconds until an agent answers; null when that cannot be foretold. */
  expected_wait: number | null;
}

/** A queue now and today. `service_level`: 0..1 of offered calls answered within the threshold, None before any. */
export interface QueueView {
  /** Its configured name. */
  name: string;
  /** Its number. */
  number: string;
  /** Callers who wait. */
  waiting: number;
  /** Seconds the first caller has waited. */
  longest_wait_s: number;
  /** Agents of the queue who could take a call. */
  ready: number;
  /** Agents of the queue in a call, ringing or wrapping up. */
  busy: number;
  /** Agents of the queue who are logged in. */
  staffed: number;
  /** Callers who entered the queue since midnight. */
  offered: number;
  /** Callers answered since midnight. */
  answered: number;
  /** Callers who gave up since midnight. */
  abandoned: number;
  /** Share of offered calls answered within the threshold, 0 to 1; null before any. */
  service_level: number | null;
  /** Seconds a caller may expect to wait; null when there is no trustworthy estimate. */
  expected_wait: number | null;
  /** How far the estimates of some 30 recent waits were off, on average; None before any was judged. */
  estimate_error_s: number | null;
  /** Share of those waits that were within their estimated range, 0 to 1; 0.8 is intended. */
  estimate_coverage: number | null;
  /** Reasons of contact its agents choose from. */
  topics: string[];
  /** A wrap-up cannot be ended early without one. */
  topic_required: boolean;
  /** Calls of it that were missed since the start. */
  missed: number;
  /** What it costs to miss one of its callers. */
  missed_value: number;
  /** What the missed calls since the start cost together, each counted. */
  missed_cost: number;
  /** Closed by hand: it takes no callers until somebody opens it again. */
  closed: boolean;
  /** Customers in line who do not wait on the telephone: they are called back. `waiting` counts none of them. */
  call_backs: number;
}

/** What a caller said in a survey: one score on one topic. */
export interface Rating {
  /** Id of the call; empty when there is none. */
  call: string;
  /** When, ms since 1970-01-01 UTC. */
  at: number;
  /** Name of the queue; empty when there is none. */
  queue: string;
  /** Who had talked to the caller last. */
  agent: string;
  /** What the question was about, in the owner's word. */
  topic: string;
  /** The key pressed: the worst the question allows (1) to the best (5). */
  score: number;
  /** At or below what the survey calls low: somebody should look at this call. */
  low: boolean;
}

/** Recordings, newest first. */
export interface RecordingPage {
  /** Accounts of them; one whose `ended` is 0 is being made. */
  recordings: RecordingRecord[];
  /** `before` of the next page; null on the last one. */
  next: number | null;
}

/** One recording: a WAV file, left what `party` said, right what it heard. Written when it begins and ends. */
export interface RecordingRecord {
  /** The call's id and a number within the call. */
  id: string;
  /** Id of the call; empty when there is none. */
  call: string;
  /** Whose line was recorded: "trunk:alpha", "phone:101". */
  party: string;
  /** Name of the queue; empty when there is none. */
  queue: string;
  /** The agent who was heard last. */
  agent: string;
  /** When it began, ms since 1970-01-01 UTC. */
  started: number;
  /** Path below the directory of recordings. */
  file: string;
  /** When it ended, ms since 1970-01-01 UTC; 0: not yet. */
  ended: number;
  /** Length of the file. */
  seconds: number;
  /** Size of the file; 0: there is none. */
  octets: number;
  /** How often it was paused; a tone in the file marks each. */
  pauses: number;
  /** For how long it was paused, together. */
  paused_ms: number;
  /** When the file was removed because its time was over; 0: it is there. */
  removed: number;
  /** Why it could not be written to its end. */
  error: string;
}

/** By what the calls are grouped. */
export type ReportKind = "queue" | "day" | "hour" | "topic" | "trunk" | "number";

/** What somebody may do; each role may do all that the ones before it may. */
export type Role = "agent" | "supervisor" | "administrator";

/** What an authenticator must be told; shown once. */
export interface SecondFactor {
  /** The secret in base32, to be typed. */
  secret: string;
  /** The same as an address, for a QR code. */
  address: string;
}

/** One conversation of a call: who of the house talked, and how long. A transfer ends one and begins another. */
export interface Segment {
  /** Id of the call; empty when there is none. */
  call: string;
  /** 1, 2, ... within the call. */
  number: number;
  /** "agent:ann", "phone:101", "trunk:alpha": whom the caller talked to. */
  party: string;
  /** Name of the agent; empty when there is none. */
  agent: string;
  /** When it began, ms since 1970-01-01 UTC. */
  started: number;
  /** When it ended, ms since 1970-01-01 UTC; 0: not yet. */
  ended: number;
  /** Time in conversation, ms. */
  talk_ms: number;
  /** Time on hold, ms. */
  hold_ms: number;
  /** "caller", "called", "switch", "transfer", "cut-off" (the called party's line died). */
  ended_by: string;
}

/** How one agent stands to one caller. `why` is in words and complete: "idle 412 s, level 1". */
export interface Standing {
  /** Name of the agent; empty when there is none. */
  agent: string;
  /** Whether this agent's phone rings. */
  rings: boolean;
  /** Why, in words. */
  why: string;
}

/** Time spent in each status, by agent and reason. */
export interface StatusReport {
  /** First day. */
  first: string;
  /** Last day; the period ends with it. */
  last: string;
  /** In which days are meant; empty: the machine's. */
  time_zone: string;
  /** By agent, then status, then reason. */
  rows: StatusTime[];
}

/** How long an agent was in one status, for one reason. */
export interface StatusTime {
  /** The agent. */
  agent: string;
  /** What the agent said: "available", "break", ..., or "logged-out". */
  status: string;
  /** The reason given; empty: none. */
  reason: string;
  /** How long, together. */
  seconds: number;
  /** How often it was begun within the period. */
  times: number;
}

/** One step the caller can come to. */
export interface StepForecast {
  /** The flow it stands in. */
  flow: string;
  /** Its name there. */
  name: string;
  /** What it is: "say", "menu", "queue" ... */
  does: string;
  /** What it says, rings or asks, in a few words. */
  detail: string;
  /** What decides where it leads, as far as that is known: "office: closed", "{category} = vip". */
  known: string;
  /** Where it can lead; empty: the call ends. */
  leads: Lead[];
  /** What the queue it leads into would do; null: it leads into none. */
  queue: QueueForecast | null;
}

/** How a supplier has kept promises. */
export interface Supplier {
  /** The supplier's name. */
  name: string;
  /** Deliveries judged: the latest, at most 50. */
  deliveries: number;
  /** Half of them came no later than so many days after the promised day; 0 when none is known. */
  usual_delay_days: number;
  /** Nine of ten came no later than so. */
  cautious_delay_days: number;
  /** The part that came on the promised day or before, 0 to 1. */
  on_time: number;
}

/** A delivery that a supplier has promised. Known again by its `reference`. */
export interface Supply {
  /** The shop's number of the order. */
  reference: string;
  /** The article. */
  sku: string;
  /** Who delivers. */
  supplier: string;
  /** Pieces ordered. */
  quantity: number;
  /** The day the supplier names. */
  promised: string;
  /** The day it came; empty: not yet. */
  received: string;
}

/** One SIP message of a call, for the ladder. */
export interface TraceRow {
  /** Id of the call; empty when there is none. */
  call: string;
  /** When, ms since 1970-01-01 UTC. */
  at: number;
  /** Whether the switch sent it. */
  sent: boolean;
  /** The other end: "trunk:alpha", "phone:101". */
  party: string;
  /** "INVITE", "180 Ringing". */
  line: string;
  /** Its CSeq header. */
  cseq: string;
}

/** A carrier: is it there, and how loaded. */
export interface TrunkView {
  /** Its configured name. */
  name: string;
  /** "registered", "registering", "backing-off", "rejected", "static", "unreachable", "stopped", "resolving" ... */
  state: string;
  /** Since when, ms since 1970-01-01 UTC. */
  since: number;
  /** What ended it or why it is in this state. */
  cause: string;
  /** Answer to OPTIONS; None when not probed. */
  reachable: boolean | null;
  /** Time there and back, ms. */
  round_trip_ms: number | null;
  /** Calls on the trunk. */
  calls: number;
  /** When the last call came in through it, ms since 1970-01-01 UTC; 0: none yet. */
  last_incoming: number;
  /** Failed tries in a row. */
  failures: number;
  /** How it has served lately: "good", "fair" or "poor". */
  quality: string;
}

/** A user, without his secrets. */
export interface UserView {
  /** Name he signs in with. */
  name: string;
  /** What he may do. */
  role: Role;
  /** The agent he works as; empty: none. */
  agent: string;
  /** Language he wants the desk in. */
  language: string;
  /** Whether a code is needed beside the password. */
  second_factor: boolean;
  /** When he was added, ms since 1970-01-01 UTC. */
  created: number;
  /** When anything of him changed last, ms since 1970-01-01 UTC. */
  changed: number;
}

/** What would become of a call. */
export interface WhatIf {
  /** Who calls, as asked. */
  caller: string;
  /** Which of our numbers, as asked. */
  called: string;
  /** For which moment, ms since 1970-01-01 UTC. */
  at: number;
  /** The same in the switch's time zone ("2026-06-06 18:05"). */
  local: string;
  /** What becomes of the call, in one sentence. */
  verdict: string;
  /** The trunk that has the number; empty: none. */
  trunk: string;
  /** The configured number it is taken for ("*": any); empty: none. */
  number: string;
  /** The number's opening hours at that moment ("office: closed"); empty: it has none. */
  hours: string;
  /** Whether the emergency mode is on: queues lead to the mobile phones. */
  emergency: boolean;
  /** Whether anything is known of the caller's number. */
  known: boolean;
  /** The caller's name as agents' phones show it; empty: not known. */
  name: string;
  /** Id of the customer; empty: nobody of ours. */
  customer: string;
  /** The customer's category; empty: none. */
  category: string;
  /** The customer's own agent; empty: none. */
  manager: string;
  /** What the caller hears at first ("ro"). */
  language: string;
  /** Added to the caller's priority in every queue. */
  priority: number;
  /** Whether the caller is not served. */
  blacklisted: boolean;
  /** The flow the call enters; empty: none. */
  flow: string;
  /** The steps he can come to, in the order of the way. */
  steps: StepForecast[];
}
