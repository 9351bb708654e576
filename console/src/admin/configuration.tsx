// The configuration: every section as it is written; what is changed is collected, shown as a diff, then applied as one.
import { FileDiff, History, Lock, Pencil, Plus, Trash2, Undo2 } from "lucide-preact";
import { useState } from "preact/hooks";
import { type Answer, useAnswer } from "../api/answer";
import { get, part, post } from "../api/client";
import type { Applied, ConfigurationView, EntryView, Proposal, SectionView, VersionDiff, VersionView } from "../api/pending";
import { Confirm, Dialog, Empty, Loading, Panel } from "../parts/small";
import { ask, query } from "../route";
import { attempt } from "../sayings";
import { fullMoment, moment, t } from "../words";
import { EntryForm } from "./entry";

export interface Edit {
  section: string;
  name: string;
  values: Record<string, unknown>;
  remove: boolean;
}

export function ConfigurationTab() {
  const view = useAnswer<ConfigurationView>("configuration", () => get("/configuration"));
  const versions = useAnswer<VersionView[]>("versions", () => get("/configuration/versions"), true);
  const [edits, setEdits] = useState<readonly Edit[]>([]);
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const known = view.value;
  if (!known) return view.error ? <Empty icon={Lock} title={t("config.none")} /> : <Loading />;
  const section = known.sections.find(({ section }) => section === query.value.get("section")) ?? known.sections[0];
  if (!section) return <Empty icon={Lock} title={t("config.none")} />;
  const add = (edit: Edit) => setEdits([...edits.filter((one) => one.section !== edit.section || one.name !== edit.name), edit]);
  const change = { base: known.version, edits };
  const again = () => {
    setEdits([]);
    setProposal(null);
    view.again();
    versions.again();
  };
  return (
    <>
      {!known.running && (
        <div class="notice">
          <FileDiff size={18} aria-hidden="true" />
          {t("config.not-running")}
        </div>
      )}
      {edits.length > 0 && (
        <div class="notice calm">
          <Pencil size={18} aria-hidden="true" />
          <span class="grow">
            <span class="strong">{t("config.pending", { n: edits.length })}</span>
            <span class="small block">{edits.map(({ section, name }) => [section, name].filter(Boolean).join(".")).join(", ")}</span>
          </span>
          <button class="button" type="button" onClick={() => setEdits([])}>
            {t("config.drop")}
          </button>
          <button class="button main" type="button"
            onClick={() => void attempt(async () => setProposal(await post<Proposal>("/configuration/proposals", change)))}>
            {t("config.show")}
          </button>
        </div>
      )}
      <div class="config">
        <nav class="panel sections" aria-label={t("config.sections")}>
          {known.sections.map((one) => (
            <button key={one.section} type="button" aria-current={one === section ? "true" : undefined} onClick={() => ask("section", one.section)}>
              <span class="grow">{one.section}</span>
              {!one.editable && <Lock size={14} aria-label={t("config.by-hand")} />}
              {one.named && <span class="count number">{one.entries.length}</span>}
            </button>
          ))}
        </nav>
        <Section key={section.section} section={section} edits={edits} add={add} />
        <Versions versions={versions} base={known.version} restored={again} />
      </div>
      {proposal && <Review proposal={proposal} change={change} close={() => setProposal(null)} applied={again} />}
    </>
  );
}

function Section({ section, edits, add }: { section: SectionView; edits: readonly Edit[]; add: (edit: Edit) => void }) {
  const [open, setOpen] = useState<EntryView | null>(null);
  const [removing, setRemoving] = useState("");
  const fresh: EntryView = { name: "", file: "", line: 0, values: {}, secrets: [] };
  const pending = (name: string) => edits.find((edit) => edit.section === section.section && edit.name === name);
  return (
    <Panel
      title={section.section}
      tools={
        section.editable &&
        section.named && (
          <button class="button" type="button" onClick={() => setOpen(fresh)}>
            <Plus size={16} aria-hidden="true" /> {t("config.add")}
          </button>
        )
      }
    >
      <p class="inside soft">
        {section.meaning} {!section.editable && t("config.by-hand")}
      </p>
      {section.entries.length ? (
        <ul class="tasks">
          {section.entries.map((entry) => (
            <li key={entry.name} class={pending(entry.name) ? "pending" : ""}>
              <span class="grow">
                <span class="strong">{entry.name || section.section}</span>
                {pending(entry.name)?.remove && <span class="tag">{t("config.removed")}</span>}
                <span class="small soft clip block">
                  {Object.entries(entry.values)
                    .map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
                    .join("  ")}
                </span>
                {entry.line > 0 && (
                  <span class="small soft">
                    {entry.file}:{entry.line}
                  </span>
                )}
              </span>
              {section.editable && (
                <>
                  <button class="button small" type="button" onClick={() => setOpen(entry)}>
                    <Pencil size={14} aria-hidden="true" /> {t("config.edit")}
                  </button>
                  {section.named && (
                    <button class="button small icon" type="button" aria-label={t("config.remove-what", { name: entry.name })}
                      onClick={() => setRemoving(entry.name)}>
                      <Trash2 size={14} aria-hidden="true" />
                    </button>
                  )}
                </>
              )}
            </li>
          ))}
        </ul>
      ) : (
        <Empty icon={Plus} title={t("config.empty")} />
      )}
      {open && (
        <EntryForm
          section={section}
          entry={open}
          before={pending(open.name)?.values ?? {}}
          close={() => setOpen(null)}
          changed={(name, values) => add({ section: section.section, name, values, remove: false })}
        />
      )}
      {removing && (
        <Confirm title={t("config.remove-what", { name: removing })} text={t("config.remove.more")} act={t("config.remove")}
          close={() => setRemoving("")} sure={() => add({ section: section.section, name: removing, values: {}, remove: true })} />
      )}
    </Panel>
  );
}

function Review(props: { proposal: Proposal; change: { base: string; edits: readonly Edit[] }; close: () => void; applied: () => void }) {
  const [comment, setComment] = useState("");
  const { proposal } = props;
  const apply = async () => {
    if (await attempt(() => post<Applied>("/configuration/changes", { ...props.change, comment }), t("config.applied"))) props.applied();
  };
  return (
    <Dialog title={t("config.review")} close={props.close}>
      {proposal.problems.map((problem) => (
        <div key={`${problem.key}${problem.message}`} class={`notice${problem.severity === "warning" ? " calm" : ""}`}>
          <span>
            <span class="strong">{problem.key}</span> {problem.message}
            {problem.expected && <span class="small block">{problem.expected}</span>}
            {problem.suggestion && <span class="small block">{t("config.suggestion", { what: problem.suggestion })}</span>}
          </span>
        </div>
      ))}
      {proposal.differences
        .filter(({ restart }) => restart)
        .map((one) => (
          <div key={one.key} class="notice">
            <span>
              <span class="strong">{one.key}</span> {t("config.restart")} {one.restart}
            </span>
          </div>
        ))}
      <Diff text={proposal.diff} />
      <label class="field">
        <span>{t("config.comment")}</span>
        <input class="input" maxLength={200} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
      </label>
      <div class="buttons">
        <button class="button" type="button" onClick={props.close}>
          {t("act.cancel")}
        </button>
        <button class="button main" type="button" disabled={!proposal.acceptable} onClick={() => void apply()}>
          {t("config.apply")}
        </button>
      </div>
    </Dialog>
  );
}

/** A unified diff: what goes is marked by "-" and red, what comes by "+" and green. */
function Diff({ text }: { text: string }) {
  if (!text.trim()) return <p class="soft">{t("config.no-change")}</p>;
  return (
    <pre class="diff" tabIndex={0}>
      {text.split("\n").map((line, index) => (
        <span key={index} class={line.startsWith("+") ? "comes" : line.startsWith("-") ? "goes" : line.startsWith("@") ? "soft" : ""}>
          {line + "\n"}
        </span>
      ))}
    </pre>
  );
}

function Versions({ versions, base, restored }: { versions: Answer<VersionView[]>; base: string; restored: () => void }) {
  const [seen, setSeen] = useState<VersionDiff | null>(null);
  const [asked, setAsked] = useState<VersionView | null>(null);
  const list = versions.value ?? [];
  return (
    <Panel title={t("config.versions")} count={list.length}>
      {list.length ? (
        <ul class="tasks">
          {list.map((version, index) => (
            <li key={version.number}>
              <span class="grow">
                <button class="link strong" type="button"
                  onClick={() => void attempt(async () => setSeen(await get(`/configuration/versions/${part(String(version.number))}`)))}>
                  {version.comment || version.files.join(", ") || `№ ${version.number}`}
                </button>
                <span class="small soft block" title={fullMoment(version.at)}>
                  {moment(version.at)} · {version.author}
                </span>
              </span>
              {index > 0 && (
                <button class="button small" type="button" onClick={() => setAsked(version)}>
                  <Undo2 size={14} aria-hidden="true" /> {t("config.restore")}
                </button>
              )}
            </li>
          ))}
        </ul>
      ) : (
        <Empty icon={History} title={t("config.no-versions")} />
      )}
      {seen && (
        <Dialog title={t("config.version", { n: seen.number })} close={() => setSeen(null)}>
          <Diff text={seen.diff} />
        </Dialog>
      )}
      {asked && (
        <Confirm title={t("config.restore-what", { n: asked.number })} text={t("config.restore.more")} act={t("config.restore")} close={() => setAsked(null)}
          sure={() =>
            void attempt(() => post(`/configuration/versions/${asked.number}/restore`, { base }), t("config.applied")).then((done) => done && restored())
          } />
      )}
    </Panel>
  );
}
