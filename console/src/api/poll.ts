// Where no socket can be had (a proxy that knows none, a server that is too busy): asking for everything, now and then.
import { agents, calls, house, phones, queues, trunks } from "../house";
import type { AgentView, CallPage, HouseView, PhoneView, QueueView, TrunkView } from "./types";
import { get } from "./client";
import { supervises } from "./session";

export const EVERY = 2000;

/** Ask once. Rejects when softacd cannot be reached. */
export async function poll(): Promise<void> {
  const [people, lines, page, devices, state, carriers] = await Promise.all([
    get<AgentView[]>("/agents"),
    get<QueueView[]>("/queues"),
    get<CallPage>("/calls", { limit: 1 }),
    get<PhoneView[]>("/phones"),
    get<HouseView>("/house"),
    supervises.value ? get<TrunkView[]>("/trunks") : [],
  ]);
  agents.value = people;
  queues.value = lines;
  calls.value = page.live;
  phones.value = devices;
  house.value = state;
  trunks.value = carriers;
}
