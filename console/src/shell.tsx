// What stands around every page: the rail, the top bar with one's status, banners, words in passing.
import { CircleAlert, CircleCheck, Keyboard, LogOut, Moon, Sun, SunMoon, Languages, X } from "lucide-preact";
import { type ComponentChildren, Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import { put } from "./api/client";
import { link, retry, retryAt } from "./api/live";
import { session, signOut } from "./api/session";
import { StatusMenu } from "./desk/status";
import { house, missedCount } from "./house";
import { SHORTCUTS } from "./keys";
import { PAGES, type PageName } from "./pages";
import { Dialog, Menu } from "./parts/small";
import { CallStrip } from "./phone/strip";
import { to } from "./route";
import { failed, sayings, unsay } from "./sayings";
import { dress, type Theme, theme } from "./theme";
import { now } from "./ticking";
import { isLanguage, type Language, LANGUAGES, language, speak, t } from "./words";

export function Mark({ size = 36 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" role="img" aria-label="softacd">
      <path d="M9 10.5v3.2c0 7.6 14 1 14 8.3" fill="none" stroke="#6fd3c4" stroke-width="2.6" stroke-linecap="round" />
      <circle cx="9" cy="7.5" r="3.6" fill="#f4c562" />
      <circle cx="23" cy="24.5" r="3.6" fill="#f7f3e8" />
    </svg>
  );
}

export function Shell({ page, children }: { page: PageName; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${t(`page.${page}`)} · softacd`;
  }, [page, language.value]);
  return (
    <div class="shell">
      <nav class="rail" aria-label={t("pages")}>
        <div class="brand">
          <Mark />
        </div>
        {PAGES.filter(({ shown }) => shown.value).map(({ name, icon: Icon }) => (
          <a key={name} href={to(name)} aria-current={name === page ? "page" : undefined}>
            <span>
              <Icon size={22} strokeWidth={1.75} aria-hidden="true" />
              {name === "missed" && missedCount.value > 0 && <span class="badge number">{missedCount.value}</span>}
            </span>
            {t(`page.${name}`)}
          </a>
        ))}
      </nav>
      <div class="main">
        <Banner />
        <header class="topbar">
          <h1>{t(`page.${page}`)}</h1>
          <StatusMenu />
          <You />
        </header>
        {page !== "desk" && <CallStrip />}
        <main class="page" id="page">
          {children}
        </main>
      </div>
    </div>
  );
}

function Banner() {
  const emergency = house.value?.emergency;
  const state = link.value;
  const wait = Math.max(0, Math.ceil((retryAt.value - now()) / 1000));
  return (
    <Fragment>
      {state === "lost" && (
        <div class="banner" role="alert">
          <CircleAlert size={20} aria-hidden="true" />
          <span>{t("link.lost")}</span>
          <span class="grow">{wait > 0 ? t("link.again", { n: wait }) : t("link.trying")}</span>
          <button class="button small" type="button" onClick={retry}>
            {t("link.now")}
          </button>
        </div>
      )}
      {emergency && (
        <div class="banner" role="status">
          <CircleAlert size={20} aria-hidden="true" />
          <span>{t("emergency.on")}</span>
        </div>
      )}
    </Fragment>
  );
}

const THEMES: readonly [Theme, typeof Sun][] = [
  ["system", SunMoon],
  ["light", Sun],
  ["dark", Moon],
];

function You() {
  const [help, setHelp] = useState(false);
  const name = session.value?.name ?? "";
  useEffect(() => {
    const asked = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select");
      if (event.key === "?" && !typing) setHelp(true);
    };
    addEventListener("keydown", asked);
    return () => removeEventListener("keydown", asked);
  }, []);
  return (
    <>
      <LanguageMenu />
      <Menu
        label={t("you", { name })}
        kind="user"
        button={[...name].slice(0, 1).join("").toUpperCase()}
        choices={[
          ...THEMES.map(([kind, icon]) => ({
            label: t(`theme.${kind}`),
            icon,
            checked: theme.value === kind,
            act: () => dress(kind),
          })),
          { label: t("keys"), icon: Keyboard, apart: true, act: () => setHelp(true) },
          { label: t("sign-out"), icon: LogOut, act: () => void signOut() },
        ]}
      />
      {help && (
        <Dialog title={t("keys")} close={() => setHelp(false)}>
          <table class="table">
            <tbody>
              {SHORTCUTS.map(([key, word]) => (
                <tr key={key}>
                  <td>{t(word)}</td>
                  <td class="right">
                    <kbd class="key">{key}</kbd>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <div class="buttons">
            <button class="button main" type="button" onClick={() => setHelp(false)}>
              {t("act.close")}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

export function LanguageMenu() {
  return (
    <Menu
      label={t("language")}
      name="language"
      kind="button plain icon"
      button={<Languages size={20} aria-hidden="true" />}
      choices={Object.entries(LANGUAGES).map(([code, name]) => ({
        label: name,
        checked: code === language.value,
        act: () => void (isLanguage(code) && chosen(code)),
      }))}
    />
  );
}

/** Speak it here from now on, and wherever one signs in. */
async function chosen(code: Language): Promise<void> {
  await speak(code, true);
  if (session.value) await put("/session/language", { language: code }).catch(failed);
}

export function Sayings() {
  return (
    <div class="sayings" aria-live="polite">
      {sayings.value.map((saying) => (
        <div key={saying.id} class="saying" role={saying.bad ? "alert" : undefined}>
          {saying.bad ? <CircleAlert size={20} aria-hidden="true" /> : <CircleCheck size={20} aria-hidden="true" />}
          <div>
            {saying.text}
            {saying.more && <div class="small">{saying.more}</div>}
          </div>
          <button type="button" aria-label={t("act.close")} onClick={() => unsay(saying.id)}>
            <X size={18} aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  );
}
