// Oneself: a great clock in the colour of one's state, and the acts that fit it.
import { Check, Timer } from "lucide-preact";
import { part, post } from "../api/client";
import type { AgentView } from "../api/types";
import { displayName, myself } from "../house";
import { AgentLamp, toneOf } from "../parts/lamp";
import { Loading, Since } from "../parts/small";
import { attempt } from "../sayings";
import { t } from "../words";
import { inWrapUp } from "./call";
import { setStatus, type Status } from "./status";

const MORE_SECONDS = 60;
const QUICK: readonly Status[] = ["available", "break", "lunch", "not-ready"];

export function finishWrapUp(agent: AgentView): Promise<boolean> {
  return attempt(() => post(`/agents/${part(agent.name)}/wrap-up/finish`));
}

export function Self() {
  const agent = myself.value;
  if (!agent)
    return (
      <section class="panel self">
        <Loading />
      </section>
    );
  const wrap = inWrapUp(agent.state);
  return (
    <section class="panel self" data-tone={toneOf(agent)} aria-label={t("self")}>
      <div class="row">
        <span class="strong grow clip">{displayName(agent)}</span>
        <span class="small soft number">{t("self.answered", { n: agent.answered_today })}</span>
      </div>
      <div class="great">
        <Since at={agent.since} />
      </div>
      <AgentLamp agent={agent} />
      {agent.reason && <span class="soft">{agent.reason}</span>}
      {wrap && (
        <div class="row">
          <button class="button main" type="button" onClick={() => void finishWrapUp(agent)} disabled={!!agent.topic_owed}>
            <Check size={18} aria-hidden="true" /> {t("wrap.finish")} <kbd class="key">F10</kbd>
          </button>
          <button
            class="button"
            type="button"
            onClick={() =>
              void attempt(() => post(`/agents/${part(agent.name)}/wrap-up/extend`, { seconds: MORE_SECONDS }), t("wrap.extended"))
            }
          >
            <Timer size={18} aria-hidden="true" /> {t("wrap.more")}
          </button>
          {agent.topic_owed && <p class="small">{t("wrap.topic-owed")}</p>}
        </div>
      )}
      <div class="choices" role="group" aria-label={t("status.choose")}>
        {QUICK.map((status) => (
          <button
            key={status}
            class="button small"
            type="button"
            aria-pressed={agent.status === status}
            onClick={() => void setStatus(agent.name, status)}
          >
            {t(`status.${status}`)}
          </button>
        ))}
      </div>
    </section>
  );
}
