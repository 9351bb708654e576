// What the console says, in four languages. A sentence is a text with {names}, or one text for each plural form of {n}.
import { signal } from "@preact/signals";
import english from "./words/en.json";

export type Key = keyof typeof english;
export type Language = "en" | "ro" | "ru" | "uk";
type Word = string | Partial<Record<Intl.LDMLPluralRule, string>>;
type Catalogue = Record<Key, Word>;
export type Values = Record<string, string | number>;

/** Each language in its own name. */
export const LANGUAGES: Record<Language, string> = {
  en: "English",
  ro: "Română",
  ru: "Русский",
  uk: "Українська",
};

const loaders: Record<Language, () => Promise<{ default: Catalogue }>> = {
  en: () => Promise.resolve({ default: english }),
  ro: () => import("./words/ro.json"),
  ru: () => import("./words/ru.json"),
  uk: () => import("./words/uk.json"),
};

export const language = signal<Language>("en");
const catalogue = signal<Catalogue>(english);

export function isLanguage(name: string | null | undefined): name is Language {
  return !!name && Object.hasOwn(LANGUAGES, name);
}

/** The language chosen here before, else the browser's first that we speak. */
export function preferred(): Language {
  const chosen = localStorage.getItem("language");
  if (isLanguage(chosen)) return chosen;
  return navigator.languages.map((name) => name.slice(0, 2)).find(isLanguage) ?? "en";
}

export async function speak(name: Language, remember = false): Promise<void> {
  const loaded = await loaders[name]();
  catalogue.value = loaded.default;
  language.value = name;
  document.documentElement.lang = name;
  if (remember) localStorage.setItem("language", name);
}

/** A sentence. `n` among the values chooses the plural form. */
export function t(key: Key, values: Values = {}): string {
  const word = catalogue.value[key];
  let text: string;
  if (typeof word === "string") text = word;
  else {
    const form = new Intl.PluralRules(language.value).select(Number(values["n"] ?? 0));
    text = word[form] ?? word.other ?? key;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** Whether there is a sentence of this key: for words the switch chooses (states, outcomes, kinds of events). */
export function known(key: string): key is Key {
  return Object.hasOwn(catalogue.value, key);
}

/** The sentence `prefix.word`, or the word as the switch says it where we have none. */
export function named(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return known(key) ? t(key) : word;
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString(language.value, { maximumFractionDigits: digits });
}

export function percent(share: number | null | undefined, digits = 0): string {
  if (share === null || share === undefined) return "–";
  return share.toLocaleString(language.value, { style: "percent", maximumFractionDigits: digits });
}

export function money(value: number, currency: string): string {
  if (!currency) return number(value);
  return value.toLocaleString(language.value, { style: "currency", currency, maximumFractionDigits: 0 });
}

/** Seconds as a clock shows them: 0:07, 12:40, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (part: number) => String(part).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A moment (ms): the time today, else day and time. */
export function moment(at: number): string {
  if (!at) return "–";
  const day = new Date(at);
  const today = new Date().toDateString() === day.toDateString();
  return day.toLocaleString(language.value, {
    ...(today ? {} : { day: "numeric", month: "short" }),
    hour: "2-digit",
    minute: "2-digit",
  });
}

export function fullMoment(at: number): string {
  return at ? new Date(at).toLocaleString(language.value, { dateStyle: "medium", timeStyle: "medium" }) : "–";
}

export function day(text: string): string {
  const at = new Date(`${text}T12:00:00`);
  return Number.isNaN(at.getTime()) ? text : at.toLocaleDateString(language.value, { weekday: "short", day: "numeric", month: "short" });
}

/** A telephone number in groups, as it is read aloud. */
export function phone(digits: string): string {
  const found = /^\+(\d{3})(\d{2})(\d{3})(\d{2,4})$/.exec(digits);
  return found ? `+${found[1]} ${found[2]} ${found[3]} ${found[4]}` : digits;
}
