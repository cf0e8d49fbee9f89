"""web: comparisons on a page of this machine. It is served on 127.0.0.1 alone, below a random path that only who sees it knows.

The page gets texts as JSON and shows them as text; its policy allows no script, style or connection but its own.
"""

import asyncio
import secrets
import sys
from importlib.resources import files
from typing import Any

from interalign.errors import ConfigError, InteralignError
from interalign.sim.human.answers import Shown
from interalign.sim.human.desk import Desk

__all__ = ["WebPage"]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FILES = {
    "": ("page.html", "text/html"),
    "page.js": ("page.js", "text/javascript"),
    "page.css": ("page.css", "text/css"),
}
_CHOICES: dict[str, Shown] = {"first": "first", "second": "second", "tie": "tie"}
_FAREWELL = 0.3
"""Seconds in which the page hears that everything is handed in, before the server may go."""


class WebPage:
    """Serves the desk until everything is handed in. `report` gets the address."""

    def __init__(self, port: int = 0, report: Any = None) -> None:
        self.port = port
        self.report = report or (lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
        self._handed_in: asyncio.Future[None] | None = None

    async def show(self, desk: Desk) -> None:
        from aiohttp import web

        self._handed_in = asyncio.get_running_loop().create_future()
        app = web.Application(client_max_size=4096)
        token = secrets.token_urlsafe(24)
        app.add_routes([web.get(f"/{token}/{name}", _file(name)) for name in _FILES])
        app.router.add_get(f"/{token}/state", self._answering(desk, None))
        app.router.add_post(f"/{token}/do", self._answering(desk, _act))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self.port)
            await self._start(site)
            port = runner.addresses[0][1]
            self.report(
                f"judge here: http://127.0.0.1:{port}/{token}/   (Ctrl-C stops; answers are kept in {desk.answers.path})"
            )
            await self._handed_in
        finally:
            await runner.cleanup()

    async def _start(self, site: Any) -> None:
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"port {self.port} cannot be used ({error.strerror or error}); choose another, or 0"
            ) from None

    def _answering(self, desk: Desk, act: Any) -> Any:
        """A handler that answers with the state of the desk, after `act` has changed it."""
        from aiohttp import web

        async def handle(request: Any) -> Any:
            if request.host.rpartition(":")[0] not in ("127.0.0.1", "localhost"):
                raise web.HTTPForbidden(text="ask for 127.0.0.1")
            try:
                over = False if act is None else act(desk, await _body(request))
            except InteralignError as error:
                self._end(error)
                return web.json_response({"error": str(error)}, status=500, headers=_HEADERS)
            if over:
                asyncio.get_running_loop().call_later(_FAREWELL, self._end, None)
            return web.json_response({**_state(desk), "over": over}, headers=_HEADERS)

        return handle

    def _end(self, error: Exception | None) -> None:
        if self._handed_in is not None and not self._handed_in.done():
            self._handed_in.set_exception(error) if error else self._handed_in.set_result(None)


def _file(name: str) -> Any:
    from aiohttp import web

    path, kind = _FILES[name]

    async def handle(request: Any) -> Any:
        text = files("interalign.sim.human").joinpath(path).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=kind, charset="utf-8", headers=_HEADERS)

    return handle


async def _body(request: Any) -> dict[str, Any]:
    """What the page sends. Only a page of this server can send JSON here: another's browser would have to ask first."""
    from aiohttp import web

    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send JSON")
    try:
        data = await request.json()
    except ValueError:
        raise web.HTTPBadRequest(text="that is no JSON") from None
    if not isinstance(data, dict):
        raise web.HTTPBadRequest(text="send a JSON object")
    return data


def _act(desk: Desk, data: dict[str, Any]) -> bool:
    """Do what the annotator says. A key that was meant for another comparison does nothing. True when all is handed in."""
    from aiohttp import web

    match data.get("do"):
        case "answer":
            choice = _CHOICES.get(str(data.get("choice")))
            if choice is None:
                raise web.HTTPBadRequest(text="a choice is first, second or tie")
            if desk.current is not None and desk.current.comparison == data.get("comparison"):
                desk.answer(choice)
        case "undo":
            desk.undo()
        case "hand in":
            return True
        case _:
            raise web.HTTPBadRequest(text="do is answer, undo or hand in")
    return False


def _state(desk: Desk) -> dict[str, Any]:
    sheet = desk.current
    shown = None
    if sheet is not None:
        shown = {
            "comparison": sheet.comparison,
            "facts": sheet.facts,
            "traits": sheet.traits,
            "history": [{"role": role, "text": text} for role, text in sheet.history],
            "first": sheet.first,
            "second": sheet.second,
        }
    return {
        "annotator": desk.annotator,
        "done": desk.done,
        "total": desk.total,
        "undo": desk.can_undo,
        "sheet": shown,
    }
