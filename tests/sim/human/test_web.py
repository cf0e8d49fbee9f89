"""The page of a human judge, in a real browser and by hand-made requests: blind, keyed, resumable, and deaf to strangers.

Driven by Playwright in Debian's Chromium; the browser's tests are skipped where that is not installed.
"""

import asyncio
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from judging import ABOUT, CONTEXT, GENERIC

from interalign.agents import Context, Message, Persona, Verdict
from interalign.errors import ConfigError
from interalign.sim.human import HumanJudge
from interalign.sim.human.web import WebPage

pytestmark = pytest.mark.xdist_group("browser")

HOSTILE = "<img src=x onerror=\"document.title='owned'\"> </p><script>document.title='owned'</script> {0} \u202e& 🦜"


class Session:
    """A judge at work in a thread of its own; `verdicts` are there when the page has handed in."""

    def __init__(
        self, path: Path, replies: tuple[str, str] = (ABOUT, GENERIC), count: int = 3, annotator: str = "anna"
    ) -> None:
        self.address = ""
        self.verdicts: list[Verdict] = []
        self._ready = threading.Event()
        page = WebPage(report=self._report)
        persona = CONTEXT.persona if replies[0] == ABOUT else Persona(id="p", facts=(HOSTILE,), traits=(HOSTILE,))
        contexts = [Context((Message("user", f"Message {place}. {HOSTILE}"),), persona) for place in range(count)]

        async def run() -> None:
            judge = HumanJudge(annotator, path, show=page.show)
            work = (judge.compare(context, *replies, None, key="k") for context in contexts)  # type: ignore[arg-type]
            self.verdicts = await asyncio.gather(*work)

        self._thread = threading.Thread(target=lambda: asyncio.run(run()))
        self._thread.start()
        assert self._ready.wait(20)

    def _report(self, line: str) -> None:
        self.address = line.split()[2]
        self._ready.set()

    def outcomes(self) -> list[str]:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return [verdict.outcome for verdict in self.verdicts]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """Start sessions on one file of answers; they are handed in at the end if a test has not done it."""
    begun: list[Session] = []

    def begin(**options: Any) -> Session:
        begun.append(Session(tmp_path / "answers.jsonl", **options))
        return begun[-1]

    yield begin
    for one in begun:
        if not one.verdicts:
            asked(one.address, "do", {"do": "hand in"})
            one.outcomes()


def asked(address: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any, Any]:
    """Status, headers and content of one answer of the server; a POST where there is a body."""

    async def run() -> tuple[int, Any, Any]:
        async with aiohttp.ClientSession() as client:
            url = address + path
            sent = {"data": body} if isinstance(body, (str, bytes)) else {"json": body}
            call = client.get(url, **options) if body is None else client.post(url, **sent, **options)
            async with call as response:
                text = await response.text()
                return response.status, response.headers, json.loads(text) if text.startswith("{") else text

    with ThreadPoolExecutor(1) as thread:  # the browser's driver has a loop at work in this one
        return thread.submit(asyncio.run, run()).result()


def answers(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "answers.jsonl").read_text().splitlines()]


# -- requests ------------------------------------------------------------------------------------


def test_the_page_lives_on_this_machine_below_a_path_that_is_not_guessed(session: Callable[..., Session]) -> None:
    one = session()
    assert one.address.startswith("http://127.0.0.1:")
    token = one.address.split("/")[3]
    assert len(token) >= 30
    root = one.address[: -len(token) - 1]
    assert [asked(root, path)[0] for path in ("", "state", f"{token[:-1]}/state", "x/state")] == [404] * 4


@pytest.mark.parametrize("path", ["", "page.js", "page.css", "state"])
def test_every_answer_has_a_strict_policy(session: Callable[..., Session], path: str) -> None:
    status, headers, _ = asked(session().address, path)
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")


def test_nothing_of_where_the_replies_come_from_is_sent(session: Callable[..., Session]) -> None:
    _, _, state = asked(session().address, "state")
    assert set(state) == {"annotator", "done", "total", "undo", "sheet", "over"}
    assert set(state["sheet"]) == {"comparison", "facts", "traits", "history", "first", "second"}


def test_an_answer_for_another_comparison_does_nothing(session: Callable[..., Session], tmp_path: Path) -> None:
    one = session()
    sheet = asked(one.address, "state")[2]["sheet"]
    body = {"do": "answer", "choice": "first", "comparison": sheet["comparison"]}
    assert asked(one.address, "do", body)[2]["done"] == 1
    assert asked(one.address, "do", body)[2]["done"] == 1  # a second press of the same key
    assert len(answers(tmp_path)) == 1


@pytest.mark.parametrize(
    ("body", "options", "status"),
    [
        ({"do": "answer", "choice": "both"}, {}, 400),
        ({"do": "dance"}, {}, 400),
        ({}, {}, 400),
        (["do"], {}, 400),
        ("{", {"headers": {"Content-Type": "application/json"}}, 400),
        ('{"do":"hand in"}', {"headers": {"Content-Type": "text/plain"}}, 415),
        ({"do": "undo"}, {"headers": {"Host": "evil.example:80"}}, 403),
        ("x" * 10_000, {"headers": {"Content-Type": "application/json"}}, 413),
    ],
)
def test_what_the_page_would_not_send_is_refused(
    session: Callable[..., Session], tmp_path: Path, body: Any, options: Any, status: int
) -> None:
    one = session()
    assert asked(one.address, "do", body, **options)[0] == status
    assert asked(one.address, "state")[2]["done"] == 0
    assert not (tmp_path / "answers.jsonl").exists()


def test_a_disk_that_refuses_ends_the_session_with_its_reason(tmp_path: Path) -> None:
    failed: list[BaseException] = []
    before, threading.excepthook = threading.excepthook, lambda raised: failed.append(raised.exc_value)  # type: ignore[arg-type,assignment]
    try:
        one = Session(Path("/dev/full/answers.jsonl"), count=1)
        sheet = asked(one.address, "state")[2]["sheet"]
        body = {"do": "answer", "choice": "first", "comparison": sheet["comparison"]}
        status, _, said = asked(one.address, "do", body)
        one._thread.join(20)
    finally:
        threading.excepthook = before
    assert status == 500
    assert "cannot be written" in said["error"]
    assert "cannot be written" in str(failed[0])


def test_a_port_that_is_taken_is_named(session: Callable[..., Session], tmp_path: Path) -> None:
    taken = int(session().address.split("/")[2].split(":")[1])
    judge = HumanJudge("bob", tmp_path / "other.jsonl", where="web", port=taken)
    with pytest.raises(ConfigError, match=f"port {taken} cannot be used"):
        asyncio.run(judge.compare(CONTEXT, "a", "b", None, key="k"))  # type: ignore[arg-type]


# -- in a browser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that may say nothing on its console and ask nobody but the server."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: request.url.startswith("http://127.0.0.1:") or complaints.append(request.url))
    yield page
    page.close()
    assert [text for text in complaints if "favicon" not in text] == []


def test_keys_judge_and_hand_in(session: Callable[..., Session], page: Any, tmp_path: Path) -> None:
    one = session()
    page.goto(one.address)
    page.wait_for_selector("#count:text('1 of 3')")
    about_first = page.inner_text("#first") == ABOUT
    page.keyboard.press("1")
    page.wait_for_selector("#count:text('2 of 3')")
    page.keyboard.press("0")
    page.wait_for_selector("#count:text('3 of 3')")
    page.keyboard.press("2")
    page.wait_for_selector("text=That was the last one")
    assert one.verdicts == []
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Handed in")
    found = one.outcomes()
    assert found[:2] == ["a" if about_first else "b", "tie"]
    assert [answer["choice"] for answer in answers(tmp_path)] == ["first", "tie", "second"]
    assert {answer["annotator"] for answer in answers(tmp_path)} == {"anna"}


def test_buttons_do_the_same_and_the_last_answer_can_be_taken_back(
    session: Callable[..., Session], page: Any, tmp_path: Path
) -> None:
    one = session(count=1)
    page.goto(one.address)
    page.click("#choose-first")
    page.wait_for_selector("text=That was the last one")
    page.keyboard.press("u")
    page.wait_for_selector("#count:text('1 of 1')")
    page.click("#choose-tie")
    page.click("#hand-in")
    page.wait_for_selector("text=Handed in")
    assert one.outcomes() == ["tie"]
    assert [answer["choice"] for answer in answers(tmp_path)] == ["first", None, "tie"]


def test_who_comes_back_goes_on_where_it_was_left(session: Callable[..., Session], page: Any) -> None:
    one = session()
    page.goto(one.address)
    page.wait_for_selector("#count:text('1 of 3')")
    page.keyboard.press("0")
    page.wait_for_selector("#count:text('2 of 3')")
    page.reload()
    page.wait_for_selector("#count:text('2 of 3')")
    page.click("#stop")
    page.wait_for_selector("text=Handed in")
    assert one.outcomes() == ["tie", "unscored", "unscored"]
    again = session()
    page.goto(again.address)
    page.wait_for_selector("#count:text('2 of 3')")


def test_hostile_texts_stay_texts(session: Callable[..., Session], page: Any) -> None:
    page.goto(session(replies=(HOSTILE, "fine"), count=1, annotator="<b>anna</b>").address)
    page.wait_for_selector("#count:text('1 of 1')")
    assert HOSTILE in (page.text_content("#first"), page.text_content("#second"))
    assert page.text_content("#facts li") == HOSTILE
    assert HOSTILE in page.text_content("#history li p")
    assert page.text_content("#who") == "· <b>anna</b>"
    assert page.title() == "Which reply? · interalign"
    assert page.query_selector("img, main script, b") is None


def test_the_page_fits_a_phone_and_its_texts_can_be_read(session: Callable[..., Session], page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(session(replies=("long" * 400, "short"), count=1).address)
    page.wait_for_selector("#count:text('1 of 1')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    person, buttons = (page.locator(name).bounding_box() for name in (".person", "footer"))
    assert person["y"] + person["height"] <= buttons["y"]


def test_a_page_whose_program_is_gone_says_so(session: Callable[..., Session], browser: Any) -> None:
    page = browser.new_page()
    one = session(count=2)
    page.goto(one.address)
    page.wait_for_selector("#count:text('1 of 2')")
    asked(one.address, "do", {"do": "hand in"})
    one.outcomes()
    page.keyboard.press("1")
    page.wait_for_selector("text=Is the program still running?")
    page.close()
