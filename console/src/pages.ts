// The pages, in the order of the rail, and who has them. The switch refuses the rest, whatever is drawn here.
import { computed, type ReadonlySignal } from "@preact/signals";
import {
  ChartColumn,
  Headset,
  History,
  type LucideIcon,
  MonitorUp,
  Package,
  PhoneMissed,
  Settings2,
  UsersRound,
} from "lucide-preact";
import { administers, me, supervises } from "./api/session";

export type PageName = "desk" | "missed" | "calls" | "goods" | "floor" | "wall" | "reports" | "admin";

export interface Page {
  name: PageName;
  icon: LucideIcon;
  shown: ReadonlySignal<boolean>;
}

const everybody = computed(() => true);
const atDesk = computed(() => me.value !== "");

export const PAGES: readonly Page[] = [
  { name: "desk", icon: Headset, shown: atDesk },
  { name: "floor", icon: UsersRound, shown: supervises },
  { name: "wall", icon: MonitorUp, shown: everybody },
  { name: "missed", icon: PhoneMissed, shown: everybody },
  { name: "calls", icon: History, shown: everybody },
  { name: "goods", icon: Package, shown: everybody },
  { name: "reports", icon: ChartColumn, shown: supervises },
  { name: "admin", icon: Settings2, shown: administers },
];
