// Where we are: the part of the address after "#". `#/calls/n1-7?queue=sales` is ["calls", "n1-7"] and {queue: "sales"}.
import { computed, signal } from "@preact/signals";

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

const cut = computed(() => {
  const [path = "", query = ""] = hash.value.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
});

export const path = computed(() => cut.value.path);
export const query = computed(() => cut.value.query);

export function to(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

export function go(...parts: string[]): void {
  location.hash = to(...parts);
}

/** Change what stands after "?" of this page. */
export function ask(name: string, value: string): void {
  const asked = new URLSearchParams(query.value);
  if (value) asked.set(name, value);
  else asked.delete(name);
  const text = asked.toString();
  location.replace(`${to(...path.value)}${text ? `?${text}` : ""}`);
}
