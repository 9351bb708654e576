// What would become of a call: the flow walked through, nothing rung, nothing changed.
import { FlaskConical } from "lucide-preact";
import { useState } from "preact/hooks";
import { get } from "../api/client";
import type { StepForecast, WhatIf } from "../api/types";
import { Lamp } from "../parts/lamp";
import { Empty, Panel } from "../parts/small";
import { attempt } from "../sayings";
import { clock, t } from "../words";

export function TrialTab() {
  const [fields, setFields] = useState({ caller: "+37369123456", called: "", at: "", keys: "" });
  const [told, setTold] = useState<WhatIf | null>(null);
  const set = (name: keyof typeof fields) => (event: { currentTarget: HTMLInputElement }) =>
    setFields({ ...fields, [name]: event.currentTarget.value });
  const ask = (event: Event) => {
    event.preventDefault();
    void attempt(async () => setTold(await get<WhatIf>("/whatif", fields)));
  };
  return (
    <div class="two floor">
      <Panel title={t("admin.trial")}>
        <form class="inside stack" onSubmit={ask}>
          <div class="pair">
            <label class="field">
              <span>{t("trial.caller")}</span>
              <input class="input" required value={fields.caller} onInput={set("caller")} />
            </label>
            <label class="field">
              <span>{t("trial.called")}</span>
              <input class="input" required value={fields.called} onInput={set("called")} />
            </label>
            <label class="field">
              <span>{t("trial.at")}</span>
              <input class="input" placeholder="Sat 18:05" value={fields.at} onInput={set("at")} />
            </label>
            <label class="field">
              <span>{t("trial.keys")}</span>
              <input class="input" pattern="[0-9*#]*" value={fields.keys} onInput={set("keys")} />
            </label>
          </div>
          <button class="button main" type="submit">
            {t("trial.go")}
          </button>
        </form>
        {told ? (
          <>
            <p class="inside verdict">{told.verdict}</p>
            <ol class="story">
              {told.steps.map((step) => (
                <Step key={`${step.flow} ${step.name}`} step={step} />
              ))}
            </ol>
          </>
        ) : (
          <Empty icon={FlaskConical} title={t("trial.nothing")}>
            {t("trial.nothing.more")}
          </Empty>
        )}
      </Panel>
      {told && (
        <Panel title={t("trial.known")}>
          <dl class="facts">
            {(
              [
                ["calls.queue", told.steps.find(({ queue }) => queue)?.queue?.queue ?? ""],
                ["customer.name", told.name],
                ["customer.category", told.category],
                ["customer.manager", told.manager],
                ["language", told.language],
                ["trunk", told.trunk],
                ["trial.hours", told.hours],
                ["trial.when", told.local],
              ] as const
            ).map(
              ([key, value]) =>
                value && (
                  <div key={key}>
                    <dt class="soft">{t(key)}</dt>
                    <dd class="strong">{value}</dd>
                  </div>
                ),
            )}
          </dl>
        </Panel>
      )}
    </div>
  );
}

function Step({ step }: { step: StepForecast }) {
  const queue = step.queue;
  return (
    <li>
      <span class="small soft">{step.flow}</span>
      <span>
        <span class="strong">{step.name}</span> <span class="soft">{step.does}</span> {step.detail}
        {step.known && <span class="small soft block">{step.known}</span>}
        {step.leads.map((lead) => (
          <span key={`${lead.label}${lead.step}`} class="small soft block">
            {lead.label && `${lead.label} `}→ {lead.step}
          </span>
        ))}
        {queue && (
          <div class="why">
            <p class="strong">
              {queue.queue}: {queue.outcome} {queue.why}
              {queue.expected_wait !== null && ` · ${clock(queue.expected_wait)}`}
            </p>
            <ul>
              {queue.standings.map((one) => (
                <li key={one.agent}>
                  <Lamp tone={one.rings ? "ringing" : "out"}>{one.agent}</Lamp> <span class="soft">{one.why}</span>
                </li>
              ))}
            </ul>
          </div>
        )}
      </span>
    </li>
  );
}
