// One table of the configuration as a form, made of what the switch says each key means.
import { RotateCcw } from "lucide-preact";
import { useState } from "preact/hooks";
import type { EntryView, FieldView, SectionView } from "../api/pending";
import { Dialog } from "../parts/small";
import { failed } from "../sayings";
import { t } from "../words";
import { kindOf, read, shown } from "./fields";

interface Props {
  section: SectionView;
  entry: EntryView;
  /** What was changed before and is not applied yet. */
  before: Record<string, unknown>;
  close: () => void;
  changed: (name: string, values: Record<string, unknown>) => void;
}

export function EntryForm({ section, entry, before, close, changed }: Props) {
  const [name, setName] = useState(entry.name);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [all, setAll] = useState(false);
  const value = (field: FieldView) => (field.key in before ? before[field.key] : entry.values[field.key]);
  const written = (field: FieldView) => field.required || field.key in entry.values || field.key in before || entry.secrets.includes(field.key);
  const fields = section.fields.filter((field) => all || written(field));
  const keep = (event: Event) => {
    event.preventDefault();
    try {
      const values: Record<string, unknown> = { ...before };
      for (const field of section.fields) {
        const text = typed[field.key];
        if (text !== undefined) values[field.key] = read(kindOf(field, value(field)), text);
      }
      changed(name, values);
      close();
    } catch (error) {
      failed(error);
    }
  };
  return (
    <Dialog title={[section.section, entry.name].filter(Boolean).join(" · ")} close={close}>
      <form class="stack" onSubmit={keep}>
        {section.named && !entry.name && (
          <label class="field">
            <span>{t("config.name")}</span>
            <input class="input" required maxLength={64} autofocus value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
        )}
        {fields.map((field) => (
          <Field
            key={field.key}
            field={field}
            value={value(field)}
            secret={entry.secrets.includes(field.key)}
            typed={typed[field.key]}
            type={(text) => setTyped({ ...typed, [field.key]: text })}
          />
        ))}
        {!all && fields.length < section.fields.length && (
          <button class="button plain" type="button" onClick={() => setAll(true)}>
            {t("config.all-keys", { n: section.fields.length - fields.length })}
          </button>
        )}
        <div class="buttons">
          <button class="button" type="button" onClick={close}>
            {t("act.cancel")}
          </button>
          <button class="button main" type="submit">
            {t("config.keep")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Field(props: { field: FieldView; value: unknown; secret: boolean; typed: string | undefined; type: (text: string) => void }) {
  const { field, type } = props;
  const kind = kindOf(field, props.value);
  const text = props.typed ?? shown(kind, props.value);
  const standard = shown(kind, field.default);
  const heard = (event: { currentTarget: { value: string } }) => type(event.currentTarget.value);
  const common = { class: "input", value: text, required: field.required, placeholder: standard, disabled: !!field.restart };
  return (
    <label class="field">
      <span class="row tight">
        <code class="grow">{field.key}</code>
        {props.typed !== undefined && (
          <button class="button plain small icon" type="button" aria-label={t("config.default")} title={t("config.default")} onClick={() => type("")}>
            <RotateCcw size={14} aria-hidden="true" />
          </button>
        )}
      </span>
      {kind === "choice" || kind === "flag" ? (
        <select {...common} onChange={heard}>
          {!field.required && <option value="">{t("config.standard", { value: standard || "–" })}</option>}
          {(kind === "flag" ? ["true", "false"] : field.choices).map((one) => (
            <option key={one} value={one}>
              {kind === "flag" ? t(one === "true" ? "yes" : "no") : one}
            </option>
          ))}
        </select>
      ) : kind === "lines" || kind === "json" ? (
        <textarea {...common} rows={Math.min(8, Math.max(2, text.split("\n").length))} onInput={heard} />
      ) : (
        <input
          {...common}
          type={kind === "number" ? "number" : kind === "secret" ? "password" : "text"}
          {...(kind === "number" ? { step: "any" } : {})}
          autocomplete="off"
          placeholder={kind === "secret" && props.secret ? t("config.secret-kept") : standard}
          onInput={heard}
        />
      )}
      <span class="small soft">
        {field.meaning} {field.restart ? `${t("config.restart")} ${field.restart}` : field.type}
      </span>
    </label>
  );
}
