// Light, dark, or what the system says.
import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const chosen = localStorage.getItem("theme");
export const theme = signal<Theme>(chosen === "light" || chosen === "dark" ? chosen : "system");

export function dress(name: Theme): void {
  theme.value = name;
  if (name === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = name;
  if (name === "system") localStorage.removeItem("theme");
  else localStorage.setItem("theme", name);
}
