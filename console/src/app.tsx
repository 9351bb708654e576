// Which page is shown to whom.
import { useEffect } from "preact/hooks";
import { follow, unfollow } from "./api/live";
import { session } from "./api/session";
import { AdministrationPage } from "./admin/page";
import { CallPage } from "./calls/call";
import { CallsPage } from "./calls/calls";
import { GoodsPage } from "./calls/goods";
import { MissedPage } from "./calls/missed";
import { DeskPage } from "./desk/page";
import { FloorPage } from "./floor/page";
import { PAGES, type PageName } from "./pages";
import { ReportsPage } from "./reports/page";
import { go, path } from "./route";
import { Sayings, Shell } from "./shell";
import { SignIn } from "./signin";
import { WallPage } from "./wall/page";

const DRAWN: Record<PageName, () => preact.JSX.Element> = {
  desk: DeskPage,
  missed: MissedPage,
  calls: () => (path.value[1] ? <CallPage key={path.value[1]} id={path.value[1]} /> : <CallsPage />),
  goods: GoodsPage,
  floor: FloorPage,
  wall: WallPage,
  reports: ReportsPage,
  admin: AdministrationPage,
};

export function App() {
  const name = session.value?.name;
  useEffect(() => {
    if (!name) return;
    follow();
    return unfollow;
  }, [name]);
  if (session.value === undefined) return <></>;
  if (session.value === null) return <SignIn />;
  const allowed = PAGES.filter((page) => page.shown.value);
  const page = allowed.find(({ name }) => name === path.value[0]);
  if (!page) return <Elsewhere to={allowed[0]?.name ?? "calls"} />;
  const Drawn = DRAWN[page.name];
  return (
    <>
      {page.name === "wall" && path.value[1] === "full" ? (
        <Drawn />
      ) : (
        <Shell page={page.name}>
          <Drawn />
        </Shell>
      )}
      <Sayings />
    </>
  );
}

/** There is no such page, or not for this role: the first one instead. */
function Elsewhere({ to }: { to: PageName }) {
  useEffect(() => go(to), [to]);
  return <></>;
}
