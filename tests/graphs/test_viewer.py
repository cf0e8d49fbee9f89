"""The page of trees in a real browser: hostile texts stay texts, and searching, keys, links and themes work.

Driven by Playwright in Debian's Chromium; skipped where that is not installed. The accessibility test needs axe-core, found
through AXE_CORE=.../axe.min.js or in node_modules below the repository or its .venv.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interalign.agents import Persona, Verdict, Vote
from interalign.graphs import ConversationTree
from interalign.graphs.drawing import render_html
from interalign.graphs.node import Flip

CHROMIUM = shutil.which("chromium")
ROOT = Path(__file__).parents[2]
AXE = next(
    (
        path
        for path in (
            Path(os.environ.get("AXE_CORE", "absent")),
            ROOT / "node_modules/axe-core/axe.min.js",
            ROOT / ".venv/node_modules/axe-core/axe.min.js",
        )
        if path.is_file()
    ),
    None,
)

if CHROMIUM is None:
    pytest.skip("needs Chromium: apt-get install chromium", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")

pytestmark = pytest.mark.xdist_group("browser")

HOSTILE = [
    "<script>document.title = 'owned'</script>",
    "</script><script>document.title = 'owned'</script>",
    "<img src=x onerror=\"document.title = 'owned'\">",
    "[link](javascript:alert(1)) <a href='javascript:alert(1)'>javascript:alert(1)</a>",
    "<!--<script> ]]> &lt;b&gt; &amp; {0} ${x} @script@ \" ' \\ \\u003c",
    "\u202egnisrever\u202c \u2066and\u2069 \u2028 \x00 \x1b[31m \ud800 👩\u200d🌾",
    "-->\n--!>\n<svg onload=\"document.title = 'owned'\">",
]
FACTS = ("I keep six hens behind the garage.", "My sister drives a night bus.", "I bake rye bread on Sundays.")


# -- trees to look at --------------------------------------------------------------------------------


def tree_of(id: str = "c1", persona: str = "p1", outcome: Any = "b", turns: int = 2, **more: Any) -> ConversationTree:
    """Two candidates a turn, the second hinted and continued; the first turn discloses and notes the hens."""
    tree = ConversationTree(
        id, Persona(id=persona, facts=FACTS, traits=("Long answers make me stop reading.",)), **more
    )
    above = None
    for turn in range(1, turns + 1):
        told: dict[str, Any] = {"disclose": FACTS[0], "induced": ("The user keeps six hens.",)} if turn == 1 else {}
        user = tree.add(above, "user", f"Message {turn} of {id}.", agent="user", model="m", **told)
        plain = tree.add(user, "assistant", "Tell me more of it.", agent="plain", strategy="plain", model="small")
        above = tree.add(
            user, "assistant", "Tell me all of it.", place=1, agent="hinted", strategy="hinted", model="big"
        )
        if turn < turns:
            tree.set_continued(above)
        votes = (Vote(order="ab", outcome=outcome, raw=f"raw answer {turn}"),)
        reason = "" if outcome in ("a", "b") else "the order decided"
        margin = 0.5 if outcome in ("a", "b") else 0.0
        tree.add_verdict(plain, above, Verdict(judge="llm", outcome=outcome, margin=margin, reason=reason, votes=votes))
    return tree


def bushy() -> ConversationTree:
    """Both replies of the first turn are continued."""
    tree = tree_of("bushy")
    tree.set_continued("0.0")
    tree.add("0.0", "user", "On the other branch.")
    tree.add("0.0.0", "assistant", "Yes, over here.", agent="plain")
    return tree


def hostile(text: str) -> ConversationTree:
    """A tree with the text in every place there is; half a surrogate pair only where files can hold one."""
    clean = text.replace("\ud800", "")
    tree = ConversationTree(text, Persona(id=clean, facts=(clean,), traits=(clean,)), stop=text)
    tree.add(None, "user", text, agent=text, model=text, disclose=text, induced=(text,))
    for place in range(2):
        tree.add("0", "assistant", text, place=place, agent=text, model=text, strategy=text)
    votes = (Vote(order="ab", outcome="unscored", raw=clean),)
    tree.add_verdict("0.0", "0.1", Verdict(judge=clean, outcome="unscored", reason=clean, votes=votes))
    tree.annotate("0.1", **{text: text})
    return tree


# -- the browser -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        options = ["--no-sandbox", "--disable-quic", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a page of trees. Whatever it logs, and whatever it asks of any server, fails the test."""
    trouble: list[str] = []
    contexts: list[Any] = []

    def open_(*trees: ConversationTree, at: str = "", failures: Any = (), size: Any = (1300, 850), **more: Any) -> Any:
        file = tmp_path / "page.html"
        file.write_text(render_html(trees, "The title", failures), encoding="utf-8")
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda message: trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}") or dialog.dismiss())
        page.on("request", lambda request: request.url.startswith(file.as_uri()) or trouble.append(request.url))
        page.goto(file.as_uri() + at)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert trouble == []


def listed(page: Any) -> list[str]:
    """The ids in the list."""
    return page.locator("#items .id").all_text_contents()


def current(page: Any) -> str | None:
    """The id of the message that is the current one."""
    found = page.locator(".message[aria-current=true]")
    return found.get_attribute("data-node") if found.count() else None


def shown(page: Any) -> list[str]:
    """The ids of the messages on the branch that is shown, candidates included."""
    return page.locator(".message").evaluate_all("all => all.map(one => one.dataset.node)")


# -- hostile texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:14]))
def test_hostile_text_is_shown_as_text_and_runs_nothing(open_page: Open, text: str) -> None:
    failure = {"id": f"f{text}", "persona": text, "error": text, "reason": text}
    page = open_page(hostile(text), failures=[failure])
    # A browser shows half a surrogate pair as a replacement character; everything else arrives as it is.
    wanted = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    same = "(all, text) => all.map(one => one.textContent.toWellFormed() === text)"
    page.locator(".compare").click()
    page.locator(".verdicts summary").click()
    for details in page.locator(".aside summary").all():
        details.click()
    assert page.locator(".message > .text").evaluate_all(same, wanted) == [True] * 3
    assert page.locator("#talk h2").evaluate_all(same, wanted) == [True]
    clean = text.replace("\ud800", "")
    assert page.locator("#persona h2, #persona li > .text, .verdict h4").evaluate_all(same, clean) == [True] * 4
    page.keyboard.press("n")
    page.locator(".failure").wait_for()
    assert page.locator(".failure .text").evaluate_all(same, wanted) == [True]
    assert page.locator("main :is(script, img, a, iframe, b)").count() == 0
    assert page.title() != "owned"


def test_a_change_of_direction_turns_nothing_that_follows(open_page: Open) -> None:
    tree = ConversationTree("c", Persona(id="p", facts=("f",), traits=("t",)))
    tree.add(None, "user", "\u202eabc")
    page = open_page(tree)
    places = page.evaluate(
        """() => {
          const node = document.querySelector(".message .text").lastChild;
          return [0, 1, 2].map(at => { const range = new Range(); range.setStart(node, at); range.setEnd(node, at + 1);
            return range.getBoundingClientRect().x; });
        }"""
    )
    assert places == sorted(places)


def test_a_very_long_text_is_folded_and_can_be_shown_whole(open_page: Open) -> None:
    tree = ConversationTree("c", Persona(id="p", facts=("word " * 10_000,), traits=("t",)))
    tree.add(None, "user", "word " * 10_000)
    tree.add("0", "assistant", "other " * 9_000)
    tree.add("0", "assistant", "word " * 10_000, place=1)
    page = open_page(tree)
    box = page.locator(".said .text")
    assert box.text_content() == "word " * 10_000
    assert box.bounding_box()["height"] < 400
    page.locator(".said button").click()
    assert box.bounding_box()["height"] > 2000
    page.locator(".compare").click()
    assert page.locator(".reply .text").first.text_content() == "other " * 9_000


def test_the_policy_lets_nothing_foreign_in(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(render_html([tree_of()]))
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    refused = """() => {
      try { document.body.innerHTML = "<b>bold</b>"; return false; } catch (error) { return error instanceof TypeError; }
    }"""
    assert page.evaluate(refused)
    page.evaluate(
        "() => { const s = document.createElement('style'); s.textContent = '*{color:red}'; document.body.append(s); }"
    )
    assert page.evaluate("() => getComputedStyle(document.body).color") != "rgb(255, 0, 0)"
    assert page.evaluate("() => fetch('data:,x').then(() => 'came', () => 'refused')") == "refused"
    page.close()


# -- the list ----------------------------------------------------------------------------------------


def several() -> list[ConversationTree]:
    odd = tree_of("odd", "p2", "unscored")
    odd.add("0.1.0.1", "user", "What about the Heligoland ferry?")
    return [tree_of("one"), odd, tree_of("tied", "p3", "tie"), tree_of("cut", "p1", stop="budget")]


def test_the_list_shows_every_conversation_and_how_it_was_judged(open_page: Open) -> None:
    page = open_page(*several(), failures=[{"id": "lost", "persona": "p9", "reason": "no answer"}])
    assert listed(page) == ["one", "odd", "tied", "cut", "lost"]
    tallies = page.locator("#items .tally").all_text_contents()
    assert tallies == ["✓ 2 pairs", "✓ 0 pairs? 2 unscored", "✓ 0 pairs= 2 ties", "✓ 2 pairs■ budget", "✕ failed"]
    assert page.locator("#items .margin").all_text_contents() == ["margin 0.5", "margin 0", "margin 0.5"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("heligoland", ["odd"]),
        ("FERRY what", ["odd"]),
        ("tied", ["tied"]),
        ("p2", ["odd"]),
        ("nowhere", []),
        ("lost", ["lost"]),
    ],
)
def test_searching_finds_words_personas_and_ids(open_page: Open, words: str, found: list[str]) -> None:
    page = open_page(*several(), failures=[{"id": "lost", "persona": "p9"}])
    page.fill("#search", words)
    playwright.expect(page.locator("#count")).to_have_text(f"{len(found)} of 5 conversations")
    assert listed(page) == found


def test_what_was_searched_for_is_marked(open_page: Open) -> None:
    page = open_page(*several(), at="#odd")
    page.fill("#search", "heligoland")
    playwright.expect(page.locator("#items mark")).to_have_text("heligoland")
    assert page.evaluate("() => [...CSS.highlights.get('found')].map(String)") == ["Heligoland"]


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("show", "unscored", ["odd"]),
        ("show", "ties", ["tied"]),
        ("show", "none", ["odd", "tied"]),
        ("show", "stopped", ["cut"]),
        ("show", "failed", ["lost"]),
        ("who", "p1", ["one", "cut"]),
        ("sort", "low", ["tied", "one", "cut", "odd", "lost"]),
        ("sort", "pairs", ["one", "cut", "odd", "tied", "lost"]),
        ("sort", "size", ["odd", "one", "tied", "cut", "lost"]),
    ],
)
def test_filters_and_orders(open_page: Open, field: str, value: str, found: list[str]) -> None:
    page = open_page(*several(), failures=[{"id": "lost", "persona": "p9"}])
    page.locator("#filters summary").click()
    page.locator(f"#{field}").select_option(value)
    assert listed(page) == found
    page.locator("#clear").click()
    assert listed(page) == ["one", "odd", "tied", "cut", "lost"]


def test_the_mean_margin_is_a_range(open_page: Open) -> None:
    page = open_page(*several())
    page.locator("#filters summary").click()
    page.fill("#least", "0.3")
    playwright.expect(page.locator("#count")).to_have_text("2 of 4 conversations")
    page.fill("#least", "")
    page.fill("#most", "0.3")
    playwright.expect(page.locator("#items .id")).to_have_text(["tied"])


def test_a_failed_conversation_says_why(open_page: Open) -> None:
    page = open_page(tree_of(), failures=[{"id": "lost", "persona": "p9", "error": "CallError", "reason": "no answer"}])
    page.locator("#items button").last.click()
    page.locator(".failure").wait_for()
    assert "no answer" in page.locator("#talk").inner_text()
    assert page.locator("#persona h2").inner_text() == "p9"


def test_equal_ids_stay_apart(open_page: Open) -> None:
    page = open_page(tree_of("c", turns=1), tree_of("c", turns=3))
    page.locator("#items button").last.click()
    playwright.expect(page.locator(".turn")).to_have_count(3)
    assert page.url.endswith("#c~2")


@pytest.mark.parametrize("trees", [[], [ConversationTree("empty", tree_of().persona)]], ids=["no tree", "no message"])
def test_an_empty_page_says_so(open_page: Open, trees: list[ConversationTree]) -> None:
    page = open_page(*trees)
    assert page.locator("#talk .quiet").count() == 1
    page.keyboard.press("ArrowDown")
    page.keyboard.press("d")
    page.keyboard.press("n")


# -- the conversation --------------------------------------------------------------------------------


def test_replies_stand_beside_each_other_and_are_marked_in_words(open_page: Open) -> None:
    page = open_page(tree_of())
    plain, hinted = page.locator(".turn").first.locator(".reply").all()
    assert plain.bounding_box()["y"] == hinted.bounding_box()["y"]
    assert plain.locator(".badge").all_text_contents() == ["✗ rejected", "plain", "small"]
    assert hinted.locator(".badge").all_text_contents() == ["✓ preferred", "hinted", "big", "→ continued"]
    assert hinted.get_attribute("aria-label") == "Reply 2 of 2, preferred, hinted, continued"


def test_reasons_and_votes_come_on_demand(open_page: Open) -> None:
    page = open_page(tree_of(outcome="tie"))
    box = page.locator(".verdicts").first
    assert "raw answer 1" not in page.locator("#talk").text_content()
    box.locator("summary").click()
    assert box.locator("dd").all_text_contents() == [
        *("plain with hinted", "tie", "0", "the order decided"),
        "tie, with plain shown first; the judge wrote: raw answer 1",
    ]


def test_figures_that_json_cannot_hold_do_no_harm(open_page: Open) -> None:
    tree = tree_of(turns=1)
    odd = Verdict(judge="odd", outcome="a", margin=float("inf"), scores=(float("nan"), 1.0))
    tree.add_verdict("0.0", "0.1", odd)
    page = open_page(tree)
    page.locator(".verdicts summary").click()
    page.locator(".verdicts").get_by_text("plain not a number, hinted 1").wait_for()


def test_the_words_that_differ_are_marked(open_page: Open) -> None:
    page = open_page(tree_of())
    page.locator(".compare").first.click()
    assert page.locator(".reply mark").all_text_contents() == ["more", "all"]
    page.locator(".compare").first.click()
    assert page.locator(".reply mark").count() == 0


def test_three_replies_are_compared_with_the_preferred_one(open_page: Open) -> None:
    tree = tree_of(turns=1)
    tree.add("0", "assistant", "Say nothing of it at all.", place=2)
    page = open_page(tree)
    page.locator(".compare").click()
    assert page.locator(".reply mark").all_text_contents() == ["more", "Say nothing", "at all"]
    assert page.locator(".reply", has_text="compared with this").get_attribute("data-node") == "0.1"


def test_facts_light_up_as_they_are_disclosed(open_page: Open) -> None:
    tree = tree_of(turns=3)
    tree.graph.nodes["0"]["text"] = "Six of my hens sit behind the garage now."
    tree.graph.nodes["0.1.0"]["text"] = "It is my sister who drives the night bus."
    page = open_page(tree, at="#c1/0")
    assert page.locator(".items .now .text").all_text_contents()[0] == FACTS[0]
    assert page.locator(".items .out").count() == 1
    assert page.locator(".items .note .text").all_text_contents() == ["The user keeps six hens."]
    page.locator(".stepper button").last.click()
    assert page.locator(".stepper span").inner_text() == "by turn 2 of 3"
    assert page.locator(".items .out .turn-tag").all_text_contents() == ["turn 1", "turn 1", "turn 2"]


def test_what_was_planned_but_never_said_does_not_light_up(open_page: Open) -> None:
    page = open_page(tree_of(turns=1))
    assert page.locator(".items .out").count() == 0
    assert page.locator(".items .planned .turn-tag").first.inner_text() == "planned, turn 1"
    assert "0 of 4 came up · 1 noted by the inducer" in page.locator("#persona").inner_text()


def test_a_note_like_nothing_in_the_persona_stands_apart(open_page: Open) -> None:
    tree = tree_of(turns=1)
    tree.set_induced("0", ("The user collects stamps from Peru.",))
    page = open_page(tree)
    assert page.locator("#persona > div .note .text").all_text_contents() == ["The user collects stamps from Peru."]


def test_scrolling_moves_the_persona_along(open_page: Open) -> None:
    page = open_page(tree_of(turns=6))
    page.wait_for_timeout(400)
    page.mouse.move(650, 500)
    page.mouse.wheel(0, 20_000)
    playwright.expect(page.locator(".stepper span")).to_have_text("by turn 6 of 6")


def test_other_branches_can_be_followed(open_page: Open) -> None:
    page = open_page(bushy(), at="#bushy/0")
    assert shown(page) == ["0", "0.0", "0.1", "0.1.0", "0.1.0.0", "0.1.0.1"] or shown(page)[3] == "0.0.0"
    page.get_by_role("button", name="Follow this branch").click()
    one = shown(page)[3]
    page.get_by_role("button", name="Follow this branch").click()
    assert {one, shown(page)[3]} == {"0.0.0", "0.1.0"}


def test_the_map_goes_to_a_message(open_page: Open) -> None:
    page = open_page(bushy())
    page.locator("[data-dot='0.0.0.0']").click()
    assert current(page) == "0.0.0.0"
    assert page.url.endswith("#bushy/0.0.0.0")


def test_another_judge_gives_other_marks(open_page: Open) -> None:
    tree = tree_of(turns=1)
    tree.add_verdict("0.0", "0.1", Verdict(judge="embedding", outcome="a", scores=(0.4, 0.1), margin=0.3))
    page = open_page(tree)
    page.locator("#judge").select_option("embedding")
    assert page.locator(".reply .mark").all_text_contents() == ["✓ preferred", "✗ rejected"]
    assert page.locator("#items .margin").inner_text() == "margin 0.3"


# -- addresses, keys, theme, clipboard -----------------------------------------------------------------


def test_a_deep_link_opens_the_message_on_its_branch(open_page: Open) -> None:
    for node in ("0.0.0.0", "0.1.0.1"):
        page = open_page(tree_of(), bushy(), at=f"#bushy/{node}")
        assert current(page) == node
        assert page.locator(f"[id='m-{node}']").is_visible()


def test_a_deep_link_into_a_long_conversation_scrolls_there(open_page: Open) -> None:
    node = "0" + ".1.0" * 79
    page = open_page(tree_of(turns=100), at=f"#c1/{node}")
    page.wait_for_timeout(300)
    box = page.locator(".message[aria-current=true]").bounding_box()
    assert current(page) == node
    assert 0 < box["y"] < 850
    assert page.locator(".stepper span").inner_text() == "by turn 80 of 100"


@pytest.mark.parametrize("at", ["#nowhere", "#c1/0.7", "#%E0%A4", "#/", "#__proto__", "#c1/0.0.0.0.0"])
def test_a_wrong_link_still_opens_the_page(open_page: Open, at: str) -> None:
    assert open_page(tree_of(), at=at).locator(".turn").count() == 2


def test_strange_ids_can_be_linked_to(open_page: Open) -> None:
    id = 'a/b#c?d=1&"e" %41 \u202e🦜'
    page = open_page(tree_of(), tree_of(id))
    page.locator("#items button").last.click()
    playwright.expect(page.locator("#talk h2")).to_have_text(id)
    page.keyboard.press("j")
    page.reload()
    assert page.locator("#talk h2").text_content() == id
    assert current(page) == "0"


def test_the_back_button_goes_back(open_page: Open) -> None:
    page = open_page(tree_of("one"), tree_of("two"))
    page.locator("#items button").last.click()
    playwright.expect(page.locator("#talk h2")).to_have_text("two")
    page.go_back()
    playwright.expect(page.locator("#talk h2")).to_have_text("one")


def test_keys_walk_through_the_tree(open_page: Open) -> None:
    page = open_page(bushy(), tree_of("next"), at="#bushy/0")
    walked = []
    for key in ("ArrowRight", "l", "ArrowLeft", "Enter", "j", "k", "k"):
        page.keyboard.press(key)
        walked.append(current(page))
    assert walked == ["0.0", "0.1", "0.0", "0.0.0", "0.0.0.0", "0.0.0", "0.0"]
    page.keyboard.press("d")
    assert page.locator(".compare").first.get_attribute("aria-pressed") == "true"
    page.keyboard.press("v")
    playwright.expect(page.locator(".verdict")).to_have_count(1)
    page.keyboard.press("n")
    playwright.expect(page.locator("#talk h2")).to_have_text("next")


def test_keys_are_letters_while_somebody_types(open_page: Open) -> None:
    page = open_page(tree_of())
    page.keyboard.press("/")
    page.keyboard.type("nt?d")
    assert page.input_value("#search") == "nt?d"
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("() => document.activeElement.id") == "talk"


def test_the_help_lists_the_keys_and_can_switch_letters_off(open_page: Open) -> None:
    page = open_page(tree_of())
    page.keyboard.press("?")
    assert "compare the words" in page.locator("#keys").inner_text()
    page.locator("#single").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert current(page) is None
    page.keyboard.press("ArrowDown")
    assert current(page) == "0"


def test_the_list_is_one_stop_of_the_tab_key_and_arrows_walk_in_it(open_page: Open) -> None:
    page = open_page(*(tree_of(f"c{place}") for place in range(5)))
    assert page.locator("#items button[tabindex='0']").count() == 1
    page.locator("#items button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#talk h2")).to_have_text("c4")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_until_it_is_chosen(open_page: Open, scheme: str) -> None:
    page = open_page(tree_of(), color_scheme=scheme)
    paper = "() => getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(paper)
    assert (sum(map(int, before[4:-1].split(","))) < 300) == (scheme == "dark")
    page.locator("#theme").click()
    after = page.evaluate(paper)
    assert after != before
    page.reload()
    assert page.evaluate(paper) == after


def test_copies_are_json_and_markdown(open_page: Open) -> None:
    tree = tree_of()
    tree.graph.nodes["0"]["text"] = "*stars* <b>&amp; [x](javascript:y)\n# head"
    page = open_page(tree, permissions=["clipboard-read", "clipboard-write"])
    pasted = "() => navigator.clipboard.readText()"
    page.get_by_role("button", name="Copy JSON").click()
    playwright.expect(page.locator("#said")).to_have_text("Copied the tree as JSON")
    assert ConversationTree.from_json(page.evaluate(pasted)).to_json() == tree.to_json()
    page.get_by_role("button", name="Copy Markdown").click()
    playwright.expect(page.locator("#said")).to_have_text("Copied the branch as Markdown")
    text = page.evaluate(pasted)
    assert r"> \*stars\* \<b\>\&amp; \[x\](javascript:y)" in text
    assert "**Reply**: hinted, big, preferred, continued\n\n> Tell me all of it." in text


def test_a_link_is_copied(open_page: Open) -> None:
    page = open_page(tree_of(), at="#c1/0.1", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    playwright.expect(page.locator("#said")).to_have_text("Copied the link")
    assert page.evaluate("() => navigator.clipboard.readText()") == page.url


# -- narrow screens, large pages, accessibility ---------------------------------------------------------


def test_a_phone_shows_one_part_at_a_time_and_nothing_too_wide(open_page: Open) -> None:
    page = open_page(tree_of(), bushy(), size=(390, 844), has_touch=True)
    for name, part in (("Conversations", "#list"), ("Persona", "#persona"), ("Tree", "#talk")):
        page.get_by_role("button", name=name, exact=True).click()
        assert [one for one in ("#list", "#talk", "#persona") if page.locator(one).is_visible()] == [part]
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    plain, hinted = page.locator(".turn").first.locator(".reply").all()
    assert plain.bounding_box()["y"] < hinted.bounding_box()["y"]


def test_choosing_in_the_list_shows_the_tree_on_a_phone(open_page: Open) -> None:
    page = open_page(tree_of(), bushy(), size=(390, 844))
    page.get_by_role("button", name="Conversations", exact=True).click()
    page.locator("#items button").last.click()
    playwright.expect(page.locator("#talk h2")).to_have_text("bushy")


def test_a_thousand_trees_are_all_there_and_searched(open_page: Open) -> None:
    trees = [tree_of(f"c{place:05d}", f"p{place % 9}", turns=3) for place in range(1000)]
    page = open_page(*trees)
    playwright.expect(page.locator("#items button")).to_have_count(1000)
    page.fill("#search", "message 2 of c00777")
    playwright.expect(page.locator("#count")).to_have_text("1 of 1,000 conversations")


@pytest.mark.skipif(
    AXE is None, reason="needs axe-core: npm install --prefix .venv axe-core, or AXE_CORE=.../axe.min.js"
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1300, 850), (390, 844)], ids=["desktop", "phone"])
def test_axe_finds_no_serious_violation(browser: Any, tmp_path: Path, size: tuple[int, int], scheme: Any) -> None:
    assert AXE is not None
    wide = tree_of("wide", turns=2)
    for place in range(2, 6):
        wide.add("0", "assistant", "One more.", place=place)
    trees = [*several(), bushy(), wide, tree_of(turns=9)]
    failure = {"id": "lost", "persona": "p", "error": "CallError", "reason": "no answer"}
    (tmp_path / "page.html").write_text(render_html(trees, failures=[failure]))
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
    )
    page = context.new_page()
    for at in ("#odd/0", "#bushy", "#wide/0.1", "#c1/0.1.0.1", "#lost"):
        page.goto((tmp_path / "page.html").as_uri() + at)
        page.reload()
        if at != "#lost":
            page.keyboard.press("d")
            page.keyboard.press("v")
        for part in ("list", "persona", "talk") if size[0] < 500 else ("",):
            if part:
                page.locator(f"#views [data-view={part}]").click()
            assert violations(page) == []
    page.keyboard.press("?")
    assert violations(page) == []
    context.close()


def violations(page: Any) -> list[str]:
    """What axe-core calls serious or critical, with the places."""
    assert AXE is not None
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = json.loads(page.evaluate("() => axe.run().then(found => JSON.stringify(found.violations))"))
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def test_the_persona_changes_at_the_flip(open_page: Open) -> None:
    other = Persona(id="p1+other", facts=FACTS, traits=("I like <b>long</b> answers now.",))
    page = open_page(tree_of(turns=3, flip=Flip(3, other)), at="#c1/0.1.0")
    assert page.locator("#persona > div h2, #persona > h2").first.inner_text() == "p1"
    assert page.locator(".flip").inner_text() == "The preferences change at turn 3."
    page.locator("[id='m-0.1.0.1.0']").click()
    assert "I like <b>long</b> answers now." in page.locator("#persona").inner_text()
    assert "Long answers make me stop reading." not in page.locator("#persona").inner_text()


def test_a_page_leads_to_others() -> None:
    page = render_html([tree_of()], links={"<b>figures</b>": 'aloe/"report".html'})
    assert '<a href="aloe/&quot;report&quot;.html">&lt;b&gt;figures&lt;/b&gt;</a>' in page
