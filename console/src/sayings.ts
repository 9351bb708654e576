// Words in passing: what went wrong, what was done.
import { signal } from "@preact/signals";
import { Refused } from "./api/client";
import { t } from "./words";

export interface Saying {
  id: number;
  text: string;
  more: string;
  bad: boolean;
}
export const sayings = signal<Saying[]>([]);
let last = 0;

function say(text: string, more = "", bad = false): void {
  const id = ++last;
  sayings.value = [...sayings.value.slice(-3), { id, text, more, bad }];
  setTimeout(() => unsay(id), bad ? 9000 : 4000);
}

export function unsay(id: number): void {
  sayings.value = sayings.value.filter((saying) => saying.id !== id);
}

export function done(text: string): void {
  say(text);
}

export function failed(error: unknown): void {
  if (error instanceof Refused) {
    if (error.status === 0) say(t("error.unreachable"), "", true);
    else say(error.problem.detail || t("error.unknown"), error.problem.remedy, true);
  } else say(t("error.unknown"), error instanceof Error ? error.message : "", true);
}

/** Do something that the switch may refuse; a refusal is told. Resolves to whether it was done. */
export async function attempt(act: () => Promise<unknown>, told = ""): Promise<boolean> {
  try {
    await act();
  } catch (error) {
    failed(error);
    return false;
  }
  if (told) done(told);
  return true;
}
