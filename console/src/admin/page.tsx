// Administration: the configuration, users, carriers and phones, who is not served, trying a call, the log of acts.
import { path, to } from "../route";
import { t } from "../words";
import { AuditTab } from "./audit";
import { ConfigurationTab } from "./configuration";
import { PlantTab } from "./plant";
import { RefusedTab } from "./refused";
import { TrialTab } from "./trial";
import { UsersTab } from "./users";

const TABS = {
  plant: PlantTab,
  configuration: ConfigurationTab,
  users: UsersTab,
  refused: RefusedTab,
  trial: TrialTab,
  audit: AuditTab,
} as const;
type Name = keyof typeof TABS;

export function AdministrationPage() {
  const asked = path.value[1] ?? "";
  const name: Name = asked in TABS ? (asked as Name) : "plant";
  const Tab = TABS[name];
  return (
    <>
      <nav class="tabs" aria-label={t("page.admin")}>
        {(Object.keys(TABS) as Name[]).map((one) => (
          <a key={one} href={to("admin", one)} aria-current={one === name ? "page" : undefined}>
            {t(`admin.${one}`)}
          </a>
        ))}
      </nav>
      <Tab />
    </>
  );
}
