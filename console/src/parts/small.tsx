// Parts used everywhere: an empty state, a panel, a clock, a dialog, a menu.
import type { LucideIcon } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { secondsSince } from "../ticking";
import { clock, t } from "../words";

/** How long since a moment (ms), running. */
export function Since({ at }: { at: number }) {
  return <span class="number">{clock(secondsSince(at))}</span>;
}

export function Empty({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon size={32} strokeWidth={1.5} aria-hidden="true" />
      <strong>{title}</strong>
      {children && <p class="small">{children}</p>}
    </div>
  );
}

interface PanelProps {
  title: string;
  count?: number;
  tools?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}

export function Panel({ title, count, tools, children, class: kind = "" }: PanelProps) {
  const id = useId();
  return (
    <section class={`panel ${kind}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {count !== undefined && <span class="count number">{count}</span>}
        <span class="grow" />
        {tools}
      </header>
      {children}
    </section>
  );
}

/** What may be wider than its place; the arrow keys move it. */
export function Scroll({ children }: { children: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("table")}>
      {children}
    </div>
  );
}

/** A dialog that is open as long as it is drawn. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => event.target === element.current && close()}
    >
      <div class="inside">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

/** A question before something that cannot be taken back. */
export function Confirm(props: { title: string; text: string; act: string; sure: () => void; close: () => void }) {
  return (
    <Dialog title={props.title} close={props.close}>
      <p>{props.text}</p>
      <div class="buttons">
        <button class="button" type="button" onClick={props.close}>
          {t("act.cancel")}
        </button>
        <button
          class="button end"
          type="button"
          onClick={() => {
            props.close();
            props.sure();
          }}
        >
          {props.act}
        </button>
      </div>
    </Dialog>
  );
}

export interface Choice {
  label: string;
  icon?: LucideIcon;
  checked?: boolean;
  apart?: boolean;
  act: () => void;
}

/** A button that opens a list of acts. Arrow keys move, Escape closes. */
export function Menu(props: {
  label: string;
  button: ComponentChildren;
  choices: Choice[];
  name?: string;
  /** What stands in the button is its name. */
  named?: boolean;
  kind?: string;
  left?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>('[role^="menuitem"]')?.focus();
    const away = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const keys = (event: KeyboardEvent) => {
    if (!open) return;
    if (event.key === "Escape") {
      setOpen(false);
      box.current?.querySelector("button")?.focus();
      event.stopPropagation();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...(box.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
    const place = items.indexOf(document.activeElement as HTMLElement);
    items[(place + step + items.length) % items.length]?.focus();
  };
  return (
    <div class={`menu${props.left ? " left" : ""}`} ref={box} onKeyDown={keys}>
      <button
        type="button"
        class={props.kind ?? "button"}
        data-menu={props.name}
        aria-label={props.named ? undefined : props.label}
        title={props.label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {props.button}
      </button>
      {open && (
        <div role="menu" aria-label={props.label}>
          {props.choices.map((choice) => (
            <div key={choice.label} role="none">
              {choice.apart && <hr />}
              <button
                type="button"
                role={choice.checked === undefined ? "menuitem" : "menuitemradio"}
                aria-checked={choice.checked}
                onClick={() => {
                  setOpen(false);
                  choice.act();
                }}
              >
                {choice.icon && <choice.icon size={16} aria-hidden="true" />}
                {choice.label}
              </button>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

/** Waiting for the first answer; says so only when it takes a while. */
export function Loading() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 400);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="empty" aria-busy="true">
      {late && <p>{t("loading")}</p>}
    </div>
  );
}
