// Who may sign in, and as what.
import { KeyRound, Trash2, UserPlus, UserRoundX } from "lucide-preact";
import { useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { get, part, post, put, remove } from "../api/client";
import type { SecondFactor, UserView } from "../api/types";
import { type Role, session } from "../api/session";
import { agentNamed, agents, displayName } from "../house";
import { Confirm, Dialog, Empty, Loading, Menu, Panel, Scroll } from "../parts/small";
import { attempt } from "../sayings";
import { fullMoment, isLanguage, LANGUAGES, moment, named, t } from "../words";

const ROLES: readonly Role[] = ["agent", "supervisor", "administrator"];

export function UsersTab() {
  const users = useAnswer<UserView[]>("users", () => get("/users"));
  const [editing, setEditing] = useState<UserView | "new" | null>(null);
  const [removing, setRemoving] = useState<UserView | null>(null);
  const [factor, setFactor] = useState<SecondFactor | null>(null);
  const list = users.value;
  const done = (act: Promise<boolean>) => void act.then(users.again);
  return (
    <Panel
      title={t("admin.users")}
      count={list?.length ?? 0}
      tools={
        <button class="button main" type="button" onClick={() => setEditing("new")}>
          <UserPlus size={18} aria-hidden="true" /> {t("users.add")}
        </button>
      }
    >
      {!list ? (
        <Loading />
      ) : list.length ? (
        <Scroll>
          <table class="table">
            <thead>
              <tr>
                <th>{t("sign-in.name")}</th>
                <th>{t("users.role")}</th>
                <th>{t("calls.agent")}</th>
                <th>{t("language")}</th>
                <th>{t("users.factor")}</th>
                <th>{t("users.changed")}</th>
                <th>
                  <span class="visually-hidden">{t("acts")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((user) => (
                <tr key={user.name}>
                  <td class="strong">{user.name}</td>
                  <td>{named("role", user.role)}</td>
                  <td>{user.agent && agentNamed(user.agent)}</td>
                  <td>{isLanguage(user.language) ? LANGUAGES[user.language] : user.language}</td>
                  <td>{t(user.second_factor ? "yes" : "no")}</td>
                  <td title={fullMoment(user.changed)}>{moment(user.changed)}</td>
                  <td class="right">
                    <Menu
                      label={t("acts.on-user", { name: user.name })}
                      kind="button small"
                      button={t("acts")}
                      choices={[
                        { label: t("users.edit"), act: () => setEditing(user) },
                        user.second_factor
                          ? { label: t("users.factor.take"), icon: KeyRound, act: () => done(attempt(() => remove(`/users/${part(user.name)}/totp`))) }
                          : {
                              label: t("users.factor.give"),
                              icon: KeyRound,
                              act: () => done(attempt(async () => setFactor(await post<SecondFactor>(`/users/${part(user.name)}/totp`)))),
                            },
                        ...(user.name === session.value?.name
                          ? []
                          : [{ label: t("users.remove"), icon: Trash2, apart: true, act: () => setRemoving(user) }]),
                      ]}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <Empty icon={UserRoundX} title={t("users.none")} />
      )}
      {editing && <UserForm user={editing === "new" ? null : editing} close={() => setEditing(null)} saved={users.again} />}
      {removing && (
        <Confirm title={t("users.remove-whom", { name: removing.name })} text={t("users.remove.more")} act={t("users.remove")}
          sure={() => done(attempt(() => remove(`/users/${part(removing.name)}`)))} close={() => setRemoving(null)} />
      )}
      {factor && (
        <Dialog title={t("users.factor")} close={() => setFactor(null)}>
          <p>{t("users.factor.more")}</p>
          <output class="input secret">{factor.secret}</output>
          <p class="small soft secret">{factor.address}</p>
          <div class="buttons">
            <button class="button main" type="button" onClick={() => setFactor(null)}>
              {t("act.close")}
            </button>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}

function UserForm({ user, close, saved }: { user: UserView | null; close: () => void; saved: () => void }) {
  const [name, setName] = useState(user?.name ?? "");
  const [role, setRole] = useState<Role>(user?.role ?? "agent");
  const [agent, setAgent] = useState(user?.agent ?? "");
  const [spoken, setSpoken] = useState(user?.language ?? "");
  const [password, setPassword] = useState("");
  const save = async (event: Event) => {
    event.preventDefault();
    const body = { role, agent, ...(spoken ? { language: spoken } : {}), ...(password ? { password } : {}) };
    if (!(await attempt(() => put(`/users/${part(name)}`, body), t("users.saved")))) return;
    saved();
    close();
  };
  return (
    <Dialog title={user ? user.name : t("users.add")} close={close}>
      <form class="stack" onSubmit={save}>
        {!user && (
          <label class="field">
            <span>{t("sign-in.name")}</span>
            <input class="input" required pattern="[\w.@\-]{1,64}" autofocus value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
        )}
        <div class="pair">
          <label class="field">
            <span>{t("users.role")}</span>
            <select class="input" value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
              {ROLES.map((one) => (
                <option key={one} value={one}>
                  {t(`role.${one}`)}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>{t("users.agent")}</span>
            <select class="input" value={agent} onChange={(event) => setAgent(event.currentTarget.value)}>
              <option value="">{t("none")}</option>
              {agents.value.map((one) => (
                <option key={one.name} value={one.name}>
                  {displayName(one)}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>{t("language")}</span>
            <select class="input" value={spoken} onChange={(event) => setSpoken(event.currentTarget.value)}>
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
          <span>{t(user ? "users.new-password" : "sign-in.password")}</span>
          <input class="input" type="password" autocomplete="new-password" required={!user} value={password}
            onInput={(event) => setPassword(event.currentTarget.value)} />
        </label>
        <div class="buttons">
          <button class="button" type="button" onClick={close}>
            {t("act.cancel")}
          </button>
          <button class="button main" type="submit">
            {t("act.save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
