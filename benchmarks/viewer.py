"""viewer: how fast the page of trees is written and opens, in a real browser.

    python benchmarks/viewer.py [--trees 1000] [--turns 10] [--words 90] [--rounds 3] [--json FILE]

Makes trees of that size (two candidates a turn, a verdict with two votes), writes the page, and drives Chromium through it:
opening until the first conversation is on the screen, opening another one, searching all texts for the first time and again,
and scrolling the list and a conversation (the longest gap between two frames). The median over the rounds is printed.
Needs: pip install playwright, and Chromium
"""

import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from common import arguments, report

from interalign.agents import Persona, Verdict, Vote
from interalign.graphs import ConversationTree
from interalign.graphs.drawing import render_html

TEXT = "a the of hens garage river night cello garden potato talk answer short friend sister market rain letter train"
FIRST_TURN = "() => document.querySelector('.turn .reply') !== null"
SCROLL = """async (box) => {
  const element = document.querySelector(box);
  let longest = 0;
  let before = await new Promise(requestAnimationFrame);
  for (let frame = 0; frame < 60; frame++) {
    element.scrollTop += 240;
    const now = await new Promise(requestAnimationFrame);
    longest = Math.max(longest, now - before);
    before = now;
  }
  return longest;
}"""


def tree_of(place: int, turns: int, words: int) -> ConversationTree:
    draw = random.Random(place)

    def text(count: int) -> str:
        return " ".join(draw.choices(TEXT.split(), k=count))

    facts, traits = (tuple(f"{text(12)} {n}." for n in range(9)) for _ in range(2))
    tree = ConversationTree(f"c{place:05d}", Persona(id=f"person-{place % 331}", facts=facts, traits=traits))
    above = None
    for turn in range(turns):
        item = tree.persona.items[turn % 18]
        user = tree.add(above, "user", f"{text(30)} {item}", agent="user", model="m", disclose=item, induced=(item,))
        ids = [
            tree.add(user, "assistant", text(words), place=n, agent=name, model="m", strategy=name, tokens=words)
            for n, name in enumerate(("plain", "hinted"))
        ]
        outcome: Any = draw.choices(("a", "b", "tie", "unscored"), (3, 5, 1, 0.3))[0]
        votes = (Vote(order="ab", outcome=outcome, raw="first"), Vote(order="ba", outcome=outcome, raw="second"))
        tree.add_verdict(*ids, Verdict(judge="llm", outcome=outcome, margin=float(outcome in ("a", "b")), votes=votes))
        above = draw.choice(ids)
        tree.set_continued(above)
    return tree


def seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def search(page: Any, words: str, found: str) -> None:
    page.fill("#search", words)
    page.wait_for_function("found => document.getElementById('count').textContent.startsWith(found)", arg=found)


def measure(page: Any, address: str, trees: int) -> dict[str, float]:
    """Seconds of each thing that somebody waits for."""
    last = f"c{trees - 1:05d}"

    def opened(target: str) -> None:
        page.goto(target)
        page.wait_for_function(FIRST_TURN)

    def another() -> None:
        page.evaluate(f"() => {{ location.hash = '{last}/0' }}")
        page.wait_for_function(f"() => document.querySelector('#talk h2').textContent === '{last}'")

    return {
        "open the page": seconds(lambda: opened(address)),
        "open another conversation": seconds(another),
        "search all texts, first time": seconds(lambda: search(page, "garage xyzzy", "0 of")),
        "search all texts, again": seconds(lambda: search(page, "sister xyzzy", "0 of")),
        "clear the search": seconds(lambda: search(page, "", f"{trees:,} conv")),
        "longest frame scrolling the list": page.evaluate(SCROLL, "#items") / 1000,
        "longest frame scrolling a conversation": page.evaluate(SCROLL, "#talk") / 1000,
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--trees", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--words", type=int, default=90, help="words of a reply")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    trees = [tree_of(place, options.turns, options.words) for place in range(options.trees)]
    rounds: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "page.html"
        written = seconds(lambda: file.write_text(render_html(trees), encoding="utf-8"))
        size = file.stat().st_size / 1e6
        launch = {
            "executable_path": shutil.which("chromium"),
            "args": ["--no-sandbox", "--disable-quic", "--disable-gpu"],
        }
        for _ in range(options.rounds):
            browser = driver.chromium.launch(**launch)
            rounds.append(measure(browser.new_page(), file.as_uri(), options.trees))
            browser.close()
    rows = [{"what": "write the page", "seconds": written}]
    rows += [{"what": what, "seconds": statistics.median(one[what] for one in rounds)} for what in rounds[0]]
    notes = [
        f"{options.trees} trees of {options.turns} turns, {size:.1f} MB; a fresh browser each round, median of {options.rounds}",
        f"target: the page opens in under 2 s: {rows[1]['seconds']:.2f}",
    ]
    report("The page of trees in Chromium", rows, options.json, notes)


if __name__ == "__main__":
    main()
