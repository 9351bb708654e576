// Signing in: name, password, and the one-time code where the account has one.
import { CircleAlert } from "lucide-preact";
import { useState } from "preact/hooks";
import { Refused } from "./api/client";
import { signIn } from "./api/session";
import { LanguageMenu, Mark } from "./shell";
import { isLanguage, speak, t } from "./words";

export function SignIn() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [coded, setCoded] = useState(false);
  const [problem, setProblem] = useState<[string, string] | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const found = await signIn(name.trim(), password, code.trim());
      if (!localStorage.getItem("language") && isLanguage(found.language)) await speak(found.language);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.problem.error === ("code-needed" as string)) {
        setCoded(true);
        setProblem([t("sign-in.code-needed"), ""]);
      } else if (error.status === 401) setProblem([t("sign-in.wrong"), t("sign-in.wrong.more")]);
      else if (error.status === 429) setProblem([t("sign-in.locked"), t("sign-in.locked.more")]);
      else if (error.status === 0) setProblem([t("error.unreachable"), ""]);
      else setProblem([error.problem.detail, error.problem.remedy]);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div class="gate">
      <aside class="board">
        <FieldOfJacks />
        <div class="brand">
          <Mark size={40} /> softacd
        </div>
        <p>{t("sign-in.motto")}</p>
      </aside>
      <main>
        <form onSubmit={submit} aria-labelledby="sign-in">
          <div class="row">
            <h1 id="sign-in" class="grow">
              {t("sign-in")}
            </h1>
            <LanguageMenu />
          </div>
          {problem && (
            <div class="notice" role="alert">
              <CircleAlert size={18} aria-hidden="true" />
              <div>
                <div class="strong">{problem[0]}</div>
                {problem[1] && <div class="small">{problem[1]}</div>}
              </div>
            </div>
          )}
          <label class="field">
            <span>{t("sign-in.name")}</span>
            <input class="input" name="name" autocomplete="username" autocapitalize="none" required autofocus
              value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <label class="field">
            <span>{t("sign-in.password")}</span>
            <input class="input" name="password" type="password" autocomplete="current-password" required
              value={password} onInput={(event) => setPassword(event.currentTarget.value)} />
          </label>
          {coded ? (
            <label class="field">
              <span>{t("sign-in.code")}</span>
              <input class="input number" name="code" inputmode="numeric" autocomplete="one-time-code" maxLength={8} autofocus
                value={code} onInput={(event) => setCode(event.currentTarget.value)} />
            </label>
          ) : (
            <button class="button plain small" type="button" onClick={() => setCoded(true)}>
              {t("sign-in.have-code")}
            </button>
          )}
          <button class="button main big" type="submit" disabled={busy}>
            {t("sign-in.go")}
          </button>
        </form>
      </main>
    </div>
  );
}

/** A board of jacks with two cords plugged in: what this place is about. */
function FieldOfJacks() {
  const jacks = [];
  for (let row = 0; row < 9; row++)
    for (let column = 0; column < 11; column++)
      jacks.push(<circle key={`${row}-${column}`} cx={40 + column * 64} cy={150 + row * 64} r="7" />);
  return (
    <svg class="field-of-jacks" viewBox="0 0 720 860" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <g fill="none" stroke="#2b463e" stroke-width="3">
        {jacks}
      </g>
      <g fill="none" stroke-width="7" stroke-linecap="round">
        <path d="M168 278C180 520 480 300 552 534" stroke="#6fd3c4" opacity="0.9" />
        <path d="M104 598C200 820 420 640 424 406" stroke="#f4c562" opacity="0.85" />
        <path d="M616 214C610 400 330 420 296 662" stroke="#e07a5f" opacity="0.7" />
      </g>
      <g fill="#f7f3e8">
        {[[168, 278], [552, 534], [104, 598], [424, 406], [616, 214], [296, 662]].map(([x, y]) => (
          <circle key={`${x}-${y}`} cx={x} cy={y} r="10" />
        ))}
      </g>
    </svg>
  );
}
