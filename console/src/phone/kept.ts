// The conversation this page is in, kept over its being loaded anew: which dialog, and what was drawn of it.
import type { RTCSession } from "jssip/lib/RTCSession";

const KEY = "conversation";
/** The switch waits so long for us, ms. */
const PATIENCE = 12_000;

export interface Kept {
  /** Call-ID and tags as the switch sees them (RFC 3891 section 6.1). */
  dialog: string;
  number: string;
  name: string;
  incoming: boolean;
  since: number;
}

interface Dialog {
  id: { call_id: string; local_tag: string; remote_tag: string };
}

function dialogOf(session: RTCSession): string {
  // JsSIP has no word for it, though RFC 3891 needs it
  const dialog = (session as unknown as { _dialog: Dialog | null })._dialog;
  if (!dialog) return "";
  const { call_id, local_tag, remote_tag } = dialog.id;
  return `${call_id};to-tag=${remote_tag};from-tag=${local_tag}`;
}

/** Remember an established session. */
export function keep(session: RTCSession, line: Omit<Kept, "dialog">): void {
  const dialog = dialogOf(session);
  const { number, name, incoming, since } = line;
  if (dialog) sessionStorage.setItem(KEY, JSON.stringify({ dialog, number, name, incoming, since } satisfies Kept));
}

/** It is over: there is nothing to come back to, unless another was kept meanwhile. */
export function forget(session: RTCSession): void {
  const dialog = dialogOf(session);
  const found = sessionStorage.getItem(KEY);
  if (found && (!dialog || (JSON.parse(found) as Kept).dialog === dialog)) sessionStorage.removeItem(KEY);
}

addEventListener("pagehide", () => sessionStorage.setItem(`${KEY} left`, String(Date.now())));

/** What there is to come back to; told once. */
export function kept(): Kept | null {
  const found = sessionStorage.getItem(KEY);
  const left = Number(sessionStorage.getItem(`${KEY} left`) ?? "0");
  sessionStorage.removeItem(KEY);
  return found && Date.now() - left < PATIENCE ? (JSON.parse(found) as Kept) : null;
}
