// Which call the desk is about: the one offered or talked in, and the one just ended as long as there is wrap-up.
import { effect, signal } from "@preact/signals";
import { myself } from "../house";

/** Id of the call whose card is open; empty: none. */
export const served = signal("");

/** Keep `served` right; returns what stops it. */
export function follow(): () => void {
  return effect(() => {
    const agent = myself.value;
    if (!agent) return;
    if (agent.call) served.value = agent.call;
    else if (agent.topic_owed) served.value = agent.topic_owed;
    else if (agent.state === "idle" && !agent.topic_owed) served.value = "";
  });
}

export function inWrapUp(state: string | undefined): boolean {
  return state === "wrap-up" || state === "after-call";
}
