"""report.html in a real browser: it asks for nothing, hostile texts stay texts, and it is accessible in both themes and widths."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from measured import LINES, drawn

from interalign.agents import Persona
from interalign.evaluation import CaseInfo, Missing, Results
from interalign.evaluation.report import write_report
from interalign.graphs import ConversationTree

CHROMIUM = shutil.which("chromium")
ROOT = Path(__file__).parents[3]
AXE = next(
    (
        path
        for path in (Path(os.environ.get("AXE_CORE", "absent")), ROOT / ".venv/node_modules/axe-core/axe.min.js")
        if path.is_file()
    ),
    None,
)

if CHROMIUM is None:
    pytest.skip("needs Chromium: apt-get install chromium", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")

pytestmark = pytest.mark.xdist_group("browser")

HOSTILE = "</style></script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> @body@ \u202e"


def hostile_results() -> Results:
    """Every text that comes from somebody else is hostile; the first model has trees."""
    results = drawn(LINES, profiles=6, personalities=2, turns=4, missing=0.05)
    cases = tuple(
        CaseInfo(id=f"{HOSTILE}{place}", persona=HOSTILE, profile=case.profile)
        for place, case in enumerate(results.cases)
    )
    first = results.models[0].model_copy(
        update={"name": f"base {HOSTILE}", "missing": (Missing(case=cases[0].id, turn=1, reason=HOSTILE),)}
    )
    criteria = {"overall": first.scores["overall"], HOSTILE: first.scores["overall"]}
    first = first.model_copy(update={"scores": criteria, "measures": {HOSTILE: first.scores["overall"]}})
    return results.model_copy(
        update={
            "cases": cases,
            "models": (first, *results.models[1:]),
            "judge": HOSTILE,
            "provenance": {HOSTILE: HOSTILE},
            "trees": {first.name: "dialogues/base"},
        }
    )


def tree_of(case: CaseInfo) -> ConversationTree:
    tree = ConversationTree(case.id, Persona(id="p", facts=(HOSTILE,), traits=(HOSTILE,)))
    above = None
    for _ in range(4):
        user = tree.add(above, "user", HOSTILE)
        above = tree.add(user, "assistant", HOSTILE)
        tree.set_continued(above)
    return tree


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    results = hostile_results()
    (folder / "dialogues/base").mkdir(parents=True)
    lines = "".join(tree_of(case).to_json() + "\n" for case in results.cases)
    (folder / "dialogues/base/trees.jsonl").write_text(lines, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("interalign.evaluation.report.writing.draw_plots", lambda *_: {})
        write_report(results, folder)
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic", "--disable-gpu"]
        )
        yield browser
        browser.close()


def test_hostile_texts_are_texts_and_nothing_is_asked_for(browser: Any, page_file: Path) -> None:
    trouble: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: request.url == page_file.as_uri() or trouble.append(request.url))
    page.goto(page_file.as_uri())
    assert page.title() == "Alignment over the turns of a conversation"
    assert page.locator(":is(script, img, iframe, object, form)").count() == 0
    said = page.locator(".said li > span").first.text_content()
    assert said == HOSTILE.replace("\u202e", "\ufffd")
    assert page.locator("details.best, details.worst").count() == 4
    assert trouble == []
    page.close()


def test_the_links_lead_to_the_message_in_the_page_of_trees(browser: Any, page_file: Path) -> None:
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.locator("details.best").first.evaluate("one => one.open = true")
    page.locator("details.best .said a").nth(1).click()
    page.locator(".message[aria-current=true]").wait_for()
    assert "/dialogues/base/trees.html#" in page.url
    assert page.locator(".message[aria-current=true]").get_attribute("data-node") == "0.0.0.0"
    page.close()


@pytest.mark.skipif(
    AXE is None, reason="needs axe-core: npm install --prefix .venv axe-core, or AXE_CORE=.../axe.min.js"
)
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (390, "light")])
def test_axe_finds_no_serious_violation_and_nothing_sticks_out(
    browser: Any, page_file: Path, width: int, scheme: Any
) -> None:
    assert AXE is not None
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = json.loads(page.evaluate("() => axe.run().then(found => JSON.stringify(found.violations))"))
    serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()
