// Asking the API. Every answer with a status of 400 or more is a Problem, thrown as Refused.
import { signal } from "@preact/signals";
import type { Problem } from "./types";

export const ROOT = "/api/v1";

/** Sent back on everything that changes something; known from signing in. */
export const csrf = signal("");
/** Called when the session is over. */
export const signedOut = { then: () => {} };

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail);
  }
}

type Query = Record<string, string | number | boolean | null | undefined>;

export function address(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return `${ROOT}${path}${text ? `?${text}` : ""}`;
}

async function ask<Answer>(method: string, path: string, body?: unknown, query?: Query): Promise<Answer> {
  let answer: Response;
  try {
    answer = await fetch(address(path, query), {
      method,
      credentials: "same-origin",
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(method === "GET" || !csrf.value ? {} : { "X-CSRF-Token": csrf.value }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refused(0, { error: "unavailable", detail: "", remedy: "" });
  }
  const kind = answer.headers.get("Content-Type") ?? "";
  const content: unknown = kind.includes("json") ? await answer.json().catch(() => null) : null;
  if (answer.ok) return content as Answer;
  if (answer.status === 401 && path !== "/session") signedOut.then();
  const problem = (content ?? { error: "internal", detail: answer.statusText, remedy: "" }) as Problem;
  throw new Refused(answer.status, problem);
}

export const get = <Answer>(path: string, query?: Query) => ask<Answer>("GET", path, undefined, query);
export const post = <Answer>(path: string, body: unknown = {}) => ask<Answer>("POST", path, body);
export const put = <Answer>(path: string, body: unknown) => ask<Answer>("PUT", path, body);
export const remove = <Answer>(path: string) => ask<Answer>("DELETE", path);
/** A part of a path: names may hold anything. */
export const part = encodeURIComponent;
