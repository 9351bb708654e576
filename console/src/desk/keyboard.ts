// The function keys of the desk; they work while something is being typed too.
import { myself } from "../house";
import { answer, current, hangUp, toggleHold, toggleMute } from "../phone/phone";
import { inWrapUp } from "./call";
import { finishWrapUp } from "./self";

export function keysOfDesk(): () => void {
  const pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      document.querySelector<HTMLInputElement>("#reach")?.focus();
      return;
    }
    const act = ACTS[event.key];
    if (!act || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}

const ACTS: Record<string, () => void> = {
  F2: () => void answer(),
  F4: () => void (current.value?.state === "up" && toggleHold(current.value.id)),
  F8: () => hangUp(),
  F9: () => void (current.value?.state === "up" && toggleMute(current.value.id)),
  F10: () => void (myself.value && inWrapUp(myself.value.state) && finishWrapUp(myself.value)),
};
