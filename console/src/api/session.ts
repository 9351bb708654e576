// Who is signed in, and what that role may see.
import { computed, signal } from "@preact/signals";
import { csrf, get, post, remove } from "./client";

export type Role = "agent" | "supervisor" | "administrator";

export interface Session {
  name: string;
  role: Role;
  /** Name of the agent whose desk this is; null: none. */
  agent: string | null;
  language: string;
  csrf: string;
}

/** undefined: not asked yet; null: nobody. */
export const session = signal<Session | null | undefined>(undefined);
const RANK: Record<Role, number> = { agent: 0, supervisor: 1, administrator: 2 };

export const supervises = computed(() => RANK[session.value?.role ?? "agent"] >= RANK.supervisor);
export const administers = computed(() => session.value?.role === "administrator");
export const me = computed(() => session.value?.agent ?? "");

function begin(found: Session): Session {
  csrf.value = found.csrf;
  session.value = found;
  return found;
}

/** Take up the session the cookie stands for, if it does. */
export async function resume(): Promise<Session | null> {
  try {
    return begin(await get<Session>("/session"));
  } catch {
    session.value = null;
    return null;
  }
}

export async function signIn(name: string, password: string, code: string): Promise<Session> {
  return begin(await post<Session>("/session", code ? { name, password, code } : { name, password }));
}

export async function signOut(): Promise<void> {
  await remove("/session").catch(() => undefined);
  over();
}

/** Nobody is signed in any more. */
export function over(): void {
  csrf.value = "";
  session.value = null;
}
