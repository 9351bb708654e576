// Carriers and phones: what is there and how well it serves.
import { PhoneOff, RadioTower } from "lucide-preact";
import { displayName, agents, phones, trunks } from "../house";
import { Lamp, type Tone } from "../parts/lamp";
import { Empty, Panel, Scroll, Since } from "../parts/small";
import { moment, named, number, t } from "../words";

const UP = new Set(["registered", "refreshing", "static"]);
const QUALITY: Record<string, Tone> = { good: "ready", fair: "away", poor: "alarm" };

export function PlantTab() {
  return (
    <>
      <Panel title={t("trunks")} count={trunks.value.length}>
        {trunks.value.length ? (
          <Scroll>
            <table class="table">
              <thead>
                <tr>
                  <th>{t("trunk")}</th>
                  <th>{t("trunk.state")}</th>
                  <th class="right">{t("floor.since")}</th>
                  <th>{t("trunk.quality")}</th>
                  <th class="right">{t("trunk.calls")}</th>
                  <th class="right">{t("trunk.round-trip")}</th>
                  <th>{t("trunk.last")}</th>
                  <th>{t("trunk.cause")}</th>
                </tr>
              </thead>
              <tbody>
                {trunks.value.map((trunk) => {
                  const up = UP.has(trunk.state) && trunk.reachable !== false;
                  return (
                    <tr key={trunk.name}>
                      <td class="strong">{trunk.name}</td>
                      <td>
                        <Lamp tone={up ? "ready" : "alarm"}>{named("trunk.state", trunk.state)}</Lamp>
                      </td>
                      <td class="right">
                        <Since at={trunk.since} />
                      </td>
                      <td>
                        <Lamp tone={QUALITY[trunk.quality] ?? "away"}>{named("trunk.quality", trunk.quality)}</Lamp>
                      </td>
                      <td class="right number">{number(trunk.calls)}</td>
                      <td class="right number">{trunk.round_trip_ms === null ? "–" : t("ms", { n: trunk.round_trip_ms.toFixed(0) })}</td>
                      <td>{moment(trunk.last_incoming)}</td>
                      <td class="soft">{trunk.cause}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </Scroll>
        ) : (
          <Empty icon={RadioTower} title={t("trunks.none")}>
            {t("trunks.none.more")}
          </Empty>
        )}
      </Panel>
      <Panel title={t("phones")} count={phones.value.length}>
        {phones.value.length ? (
          <Scroll>
            <table class="table">
              <thead>
                <tr>
                  <th>{t("phones.extension")}</th>
                  <th>{t("phones.name")}</th>
                  <th>{t("calls.agent")}</th>
                  <th>{t("phones.where")}</th>
                  <th>{t("phones.choices")}</th>
                </tr>
              </thead>
              <tbody>
                {phones.value.map((one) => {
                  const agent = agents.value.find(({ phone }) => phone === one.extension);
                  const forwards = [one.forward_always, one.forward_busy, one.forward_no_answer].filter(Boolean);
                  return (
                    <tr key={one.extension}>
                      <td class="strong">{one.extension}</td>
                      <td>{one.display_name}</td>
                      <td>{agent && displayName(agent)}</td>
                      <td>
                        {one.contacts.length ? (
                          <Lamp tone={one.calls ? "talking" : "ready"}>{t(one.calls ? "phones.busy" : "phones.there", { n: one.contacts.length })}</Lamp>
                        ) : (
                          <Lamp tone="out">{t("phone.not-there")}</Lamp>
                        )}
                        <span class="small soft block">{one.contacts.join(", ")}</span>
                      </td>
                      <td class="soft">
                        {[one.do_not_disturb ? t("phones.dnd") : "", forwards.length ? t("phones.forward", { to: forwards.join(", ") }) : ""]
                          .filter(Boolean)
                          .join(" · ")}
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </Scroll>
        ) : (
          <Empty icon={PhoneOff} title={t("phones.none")} />
        )}
      </Panel>
    </>
  );
}
