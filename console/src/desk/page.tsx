// The agent's desk: oneself on the left, the call in the middle, whom to reach on the right.
import { useEffect } from "preact/hooks";
import { me } from "../api/session";
import { myself } from "../house";
import { current } from "../phone/phone";
import { PhonePanel } from "../phone/panel";
import { CallCard } from "./card";
import { follow as followCall, served } from "./call";
import { keysOfDesk } from "./keyboard";
import { Lists } from "./lists";
import { MyQueues } from "./queues";
import { Reach } from "./reach";
import { Self } from "./self";

export function DeskPage() {
  useEffect(followCall, []);
  useEffect(keysOfDesk, []);
  const agent = myself.value;
  const call = served.value;
  return (
    <div class="desk">
      <div class="stack">
        <Self />
        <MyQueues agent={me.value} />
      </div>
      <div class="stack">
        <PhonePanel />
        {(call || current.value) && <CallCard key={call ?? current.value?.id} id={call} agent={agent} />}
      </div>
      <div class="stack">
        <Reach />
        <Lists />
      </div>
    </div>
  );
}
