// The queues: who waits where, and for how long.
import { Hourglass } from "lucide-preact";
import { queues } from "../house";
import { Empty, Panel } from "../parts/small";
import { clock, number, t } from "../words";

export function MyQueues({ agent }: { agent: string }) {
  const all = queues.value;
  const mine = all.filter((queue) => !("agents" in queue) || (queue.agents as string[]).includes(agent));
  const shown = mine.length ? mine : all;
  return (
    <Panel title={t("queues")} count={shown.reduce((sum, queue) => sum + queue.waiting, 0)}>
      {shown.length ? (
        <ul class="queue-list">
          {shown.map((queue) => (
            <li key={queue.name} data-tone={queue.waiting ? "ringing" : undefined}>
              <span class="grow clip strong">{queue.name}</span>
              <span class="small soft number" title={t("queue.longest")}>
                {queue.waiting ? clock(queue.longest_wait_s) : t("queue.nobody")}
              </span>
              <span class="figure number" aria-label={t("queue.waiting", { n: queue.waiting })}>
                {number(queue.waiting)}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <Empty icon={Hourglass} title={t("queues.none")} />
      )}
    </Panel>
  );
}
