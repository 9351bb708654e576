"""Every page of the console in Chromium: it is drawn, in four languages, light and dark, and axe has no complaint.

Pictures are kept in var/console, to be looked at.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.console.scene import Scene

expect.set_options(timeout=20_000)  # a browser on a busy machine; what is there at once costs nothing
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("console")]

PICTURES = Path(__file__).parents[2] / "var/console"
LANGUAGES = {"en": "English", "ro": "Română", "ru": "Русский", "uk": "Українська"}
PAGES = {
    "sign-in": (None, ""),
    "desk": ("agent", "#/desk"),
    "floor": ("supervisor", "#/floor"),
    "wall": ("supervisor", "#/wall"),
    "missed": ("agent", "#/missed"),
    "calls": ("supervisor", "#/calls"),
    "call": ("supervisor", "#/calls/n1-41"),
    "goods": ("agent", "#/goods"),
    "reports": ("supervisor", "#/reports?by=day&first=2026-09-16&last=2026-09-22"),
    "reports-agents": ("supervisor", "#/reports?by=agent&first=2026-09-16&last=2026-09-22"),
    "admin-plant": ("administrator", "#/admin/plant"),
    "admin-users": ("administrator", "#/admin/users"),
    "admin-configuration": ("administrator", "#/admin/configuration?section=queues"),
    "admin-refused": ("administrator", "#/admin/refused"),
    "admin-trial": ("administrator", "#/admin/trial"),
    "admin-audit": ("administrator", "#/admin/audit"),
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="module")
def axe(workshop: Path) -> str:
    """The checker's code."""
    return (workshop / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


async def complaints(page: Page, axe: str) -> list[str]:
    """What axe has to say of the page as it is now."""
    await page.evaluate(axe)  # by the debugger: the policy lets no script of others in
    found: Any = await page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [
        f"{violation['id']}: {node['html'][:140]} ({node.get('failureSummary', '')[:300]})"
        for violation in found["violations"]
        for node in violation["nodes"][:2]
    ]


async def quiet(page: Page) -> None:
    """Until nothing is asked for and every letter has its font."""
    await page.wait_for_load_state("networkidle")
    await page.evaluate("document.fonts.ready")


@pytest.mark.parametrize("name", PAGES)
async def test_page(name: str, browser: Browser, axe: str) -> None:
    role, place = PAGES[name]
    scene = Scene(role)
    page = await scene.open(browser, place=place)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    await quiet(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for language, own_name in LANGUAGES.items():
        if language != "en":
            await page.evaluate(
                "document.querySelector('[role=menu]') || document.querySelector('[data-menu=language]').click()"
            )
            await page.get_by_role("menuitemradio", name=own_name).click()
            await expect(page.locator("html")).to_have_attribute("lang", language)
            await page.mouse.move(0, 0)
            await quiet(page)
        for theme in ("light", "dark"):
            await page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
            await page.screenshot(path=PICTURES / f"{name}-{language}-{theme}.png", full_page=True)
            if language == "en":
                wrong += [f"{theme}: {one}" for one in await complaints(page, axe)]
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{language}: the page is {wide} px wider than the window"
        words = await page.evaluate("document.body.innerText")
        words = re.sub(r"\S*/\S*", "", words)  # paths of the API have names in braces
        assert not re.search(r"\{\w+\}|undefined|NaN|\[object", words), language
    assert not wrong, "\n".join(wrong)


async def test_a_role_has_its_pages_only(browser: Browser) -> None:
    for role, has, lacks in (
        ("agent", {"Desk", "Missed", "Calls"}, {"Floor", "Reports"}),
        ("supervisor", {"Floor", "Reports", "Wallboard"}, {"Desk"}),
        ("administrator", {"Floor", "Reports"}, {"Desk"}),
    ):
        page = await Scene(role).open(browser, place="#/admin")
        links = page.get_by_role("navigation").get_by_role("link")
        await expect(links.first).to_be_visible()
        shown = {text.replace("\u00ad", "").strip() for text in await links.all_inner_texts()}
        assert has <= shown, role
        assert not lacks & shown, role
        assert ("Administration" in shown) == (role == "administrator")
        if role != "administrator":
            assert "#/admin" not in page.url


async def test_a_lost_connection_is_told_and_taken_up_again(browser: Browser) -> None:
    scene = Scene("supervisor")
    page = await scene.open(browser, place="#/floor")
    await expect(page.get_by_role("cell", name="Carolina Rusu 103")).to_be_visible()
    scene.reachable = False
    await scene.sockets[-1].close()
    banner = page.get_by_role("alert").filter(has_text="connection to softacd is lost")
    await expect(banner).to_be_visible()
    scene.reachable = True
    await banner.get_by_role("button").click()
    await expect(banner).to_be_hidden()


async def test_keys_find_a_colleague_and_a_status_is_set(browser: Browser) -> None:
    scene = Scene("agent")
    page = await scene.open(browser, place="#/desk")
    await expect(page.get_by_text("Carolina Rusu")).to_be_visible()  # the desk is there, and so are its keys
    await page.keyboard.press("Control+k")
    await expect(page.locator("#reach")).to_be_focused()
    await page.keyboard.type("carol")
    await expect(page.locator("#reach-found li")).to_have_count(1)
    await expect(page.locator("#reach-found")).to_contain_text("Carolina Rusu")
    async with page.expect_request("**/agents/ann/status") as asked:
        await page.get_by_role("group", name="Choose your status").get_by_role("button", name="Lunch").click()
    await (await asked.value).response()
    assert ("PUT", "/agents/ann/status", {"status": "lunch", "reason": ""}) in scene.sent
    assert scene.tokens == {"c"}, "every change carries the session's token"
