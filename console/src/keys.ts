// The keys that work everywhere, also while something is being typed: function keys browsers leave free.
import type { Key } from "./words";

export const SHORTCUTS: readonly [string, Key][] = [
  ["F2", "keys.answer"],
  ["F4", "keys.hold"],
  ["F8", "keys.hang-up"],
  ["F9", "keys.mute"],
  ["Ctrl K", "keys.search"],
  ["F10", "keys.finish"],
  ["?", "keys.help"],
];
