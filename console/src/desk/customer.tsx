// What is known of who calls, to be put right while they talk.
import { useState } from "preact/hooks";
import { put } from "../api/client";
import type { Customer, PutReport } from "../api/types";
import { agents, displayName } from "../house";
import { attempt, done, failed } from "../sayings";
import { LANGUAGES, t } from "../words";

type Fields = Pick<Customer, "name" | "category" | "manager" | "language" | "notes">;

interface Props {
  number: string;
  customer: Customer | null;
  /** As the carrier presented it, where nobody is known. */
  name: string;
  saved: () => void;
}

export function CustomerForm({ number, customer, name, saved }: Props) {
  const before: Fields = {
    name: customer?.name ?? name,
    category: customer?.category ?? "",
    manager: customer?.manager ?? "",
    language: customer?.language ?? "",
    notes: customer?.notes ?? "",
  };
  const [fields, setFields] = useState(before);
  const set = (change: Partial<Fields>) => setFields({ ...fields, ...change });
  const changed = !customer || Object.entries(before).some(([key, value]) => fields[key as keyof Fields] !== value);
  const save = async (event: Event) => {
    event.preventDefault();
    const whole = {
      numbers: customer?.numbers ?? [number],
      external_id: customer?.external_id ?? "",
      ...fields,
    };
    await attempt(async () => {
      const report = await put<PutReport>("/customers", { customers: [whole] });
      const problem = report.problems[0];
      if (problem) failed(new Error(`${problem.field}: ${problem.message}. ${problem.expected}`));
      else {
        done(t("customer.saved"));
        saved();
      }
    });
  };
  return (
    <form class="inside stack" onSubmit={save}>
      <div class="pair">
        <label class="field">
          <span>{t("customer.name")}</span>
          <input class="input" maxLength={200} value={fields.name} onInput={(event) => set({ name: event.currentTarget.value })} />
        </label>
        <label class="field">
          <span>{t("customer.category")}</span>
          <input class="input" maxLength={200} value={fields.category} onInput={(event) => set({ category: event.currentTarget.value })} />
        </label>
        <label class="field">
          <span>{t("customer.manager")}</span>
          <select class="input" value={fields.manager} onChange={(event) => set({ manager: event.currentTarget.value })}>
            <option value="">{t("none")}</option>
            {agents.value.map((agent) => (
              <option key={agent.name} value={agent.name}>
                {displayName(agent)}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{t("language")}</span>
          <select class="input" value={fields.language} onChange={(event) => set({ language: event.currentTarget.value })}>
            <option value="">{t("unknown")}</option>
            {Object.entries(LANGUAGES).map(([code, word]) => (
              <option key={code} value={code}>
                {word}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label class="field">
        <span>{t("customer.notes")}</span>
        <textarea class="input" maxLength={10000} rows={3} value={fields.notes} onInput={(event) => set({ notes: event.currentTarget.value })} />
      </label>
      <div class="row">
        <button class="button main" type="submit" disabled={!changed}>
          {t(customer ? "act.save" : "customer.create")}
        </button>
        {changed && customer && (
          <button class="button plain" type="button" onClick={() => setFields(before)}>
            {t("act.undo")}
          </button>
        )}
      </div>
    </form>
  );
}
