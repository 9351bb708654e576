// What is typed into a form for a key of the configuration, and back to the value TOML has.
import type { FieldView } from "../api/pending";

export type Kind = "flag" | "number" | "choice" | "secret" | "lines" | "json" | "text";

/** How a key is edited: by its choices, its default, its value as written, or its type in words. */
export function kindOf(field: FieldView, value: unknown): Kind {
  if (field.secret) return "secret";
  if (field.choices.length) return "choice";
  const known = value ?? field.default;
  if (typeof known === "boolean" || /^true or false/.test(field.type)) return "flag";
  if (typeof known === "number" || /^a (whole )?number/.test(field.type)) return "number";
  if (Array.isArray(known)) return known.every((one) => typeof one === "string") ? "lines" : "json";
  if (typeof known === "object" && known !== null) return "json";
  if (/^(a )?list of text/.test(field.type)) return "lines";
  if (/^(a )?(list|table)/.test(field.type)) return "json";
  return "text";
}

export function shown(kind: Kind, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (kind === "lines") return (value as string[]).join("\n");
  if (kind === "json") return JSON.stringify(value, null, 2);
  return String(value);
}

/** The value of what was typed; null: the key is left out. Throws SyntaxError where it is no JSON. */
export function read(kind: Kind, typed: string): unknown {
  if (!typed.trim()) return null;
  if (kind === "flag") return typed === "true";
  if (kind === "number") return Number(typed);
  if (kind === "lines")
    return typed
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  if (kind === "json") return JSON.parse(typed) as unknown;
  return typed;
}
