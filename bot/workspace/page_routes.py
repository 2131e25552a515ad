"""The routes that the page uses: its files, what tests do in Python as JSON over HTTP, live changes."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from bot.workspace.arguments import Arguments, parse
from bot.workspace.control import Control
from bot.workspace.errors import SlackError, WorkspaceError
from bot.workspace.feed import Feed
from bot.workspace.guard import security_headers
from bot.workspace.wire import Json

Deed: TypeAlias = Callable[[Control, Arguments], Json]

_FILES = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class PageRoutes:
    """Serves the page and does what the person at the page asks for."""

    def __init__(
        self, control: Control, feed: Feed, connected: Callable[[], int], suggestions: Sequence[str]
    ) -> None:
        self._control = control
        self._feed = feed
        self._connected = connected
        self._suggestions = list(suggestions)

    def routes(self) -> list[BaseRoute]:
        """For the Starlette application."""
        return [
            Route("/", self._index),
            Route("/page/{name}", self._file),
            Route("/archives/{channel}/{message}", self._permalink),
            Route("/workspace/events", self._events),
            Route("/workspace/files/{file}", self._shared),
            Route("/workspace/api/scene", self._scene),
            Route("/workspace/api/{deed}", self._do, methods=["POST"]),
        ]

    async def _index(self, request: Request) -> Response:  # noqa: ARG002
        return _page_file("index.html")

    async def _file(self, request: Request) -> Response:
        return _page_file(request.path_params["name"])

    async def _permalink(self, request: Request) -> Response:
        """Slack's form of an address becomes the page's: channel, thread, message."""
        digits = request.path_params["message"].removeprefix("p")
        ts = f"{digits[:-6]}.{digits[-6:]}"
        thread = request.query_params.get("thread_ts", ts)
        return RedirectResponse(f"/#/{request.path_params['channel']}/{thread}/{ts}")

    async def _scene(self, request: Request) -> Response:
        person = request.query_params.get("as", "ada")
        try:
            seen = self._control.scene(person)
        except WorkspaceError as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=400)
        extra = {"suggestions": self._suggestions, "connections": self._connected()}
        return JSONResponse(seen | extra, headers={"Cache-Control": "no-store"})

    async def _shared(self, request: Request) -> Response:
        """A file for the person to keep, never for the browser to run."""
        try:
            file = self._control.file(request.query_params.get("as", "ada"), request.path_params["file"])
        except WorkspaceError as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=400)
        if file is None:
            return Response("not found", status_code=404)
        disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
        headers = security_headers() | {"Content-Disposition": disposition}
        return Response(file.content, media_type="application/octet-stream", headers=headers)

    async def _events(self, request: Request) -> Response:
        person = self._control.user_id(request.query_params.get("as", "ada"))
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._stream(person), media_type="text/event-stream", headers=headers)

    async def _stream(self, person: str) -> AsyncIterator[str]:
        async for change in self._feed.read(person):
            yield f"event: {change.kind}\ndata: {json.dumps(change.body)}\n\n"

    async def _do(self, request: Request) -> Response:
        deed = DEEDS.get(request.path_params["deed"])
        if deed is None:
            return JSONResponse({"error": f"there are: {', '.join(DEEDS)}"}, status_code=404)
        try:
            arguments = Arguments(parse(await request.body(), "application/json"))
            return JSONResponse(await run_in_threadpool(deed, self._control, arguments))
        except SlackError as refusal:
            return JSONResponse({"error": refusal.error}, status_code=400)
        except WorkspaceError as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=400)


def _page_file(name: str) -> Response:
    path = _FILES / name
    if path.parent != _FILES or not path.is_file() or path.suffix not in _TYPES:
        return Response("not found", status_code=404)
    headers = security_headers() | {"Cache-Control": "no-store"}
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)


def _post(control: Control, given: Arguments) -> Json:
    thread = given.text("thread_ts") or None
    user, channel, text = given.given("user"), given.given("channel"), given.given("text")
    return {"ts": control.post(user, channel, text, thread, broadcast=given.flag("broadcast"))}


def _share(control: Control, given: Arguments) -> Json:
    try:
        content = base64.b64decode(given.given("content"), validate=True)
    except ValueError:
        raise SlackError("invalid_arguments") from None
    shared = control.share_file(
        given.given("user"),
        given.given("channel"),
        given.given("name"),
        content,
        given.text("text"),
        given.text("thread_ts") or None,
        mimetype=given.text("mimetype", "application/octet-stream"),
    )
    return {"ts": shared}


def _edit(control: Control, given: Arguments) -> Json:
    control.edit(given.given("channel"), given.given("ts"), given.given("text"))
    return {}


def _delete(control: Control, given: Arguments) -> Json:
    control.delete(given.given("channel"), given.given("ts"))
    return {}


def _react(control: Control, given: Arguments) -> Json:
    control.react(given.given("user"), given.given("channel"), given.given("ts"), given.given("name"))
    return {}


def _unreact(control: Control, given: Arguments) -> Json:
    control.unreact(given.given("user"), given.given("channel"), given.given("ts"), given.given("name"))
    return {}


def _command(control: Control, given: Arguments) -> Json:
    done = control.command(
        given.given("user"), given.given("channel"), given.text("text"), given.given("name")
    )
    return {"error": done.error}


def _click(control: Control, given: Arguments) -> Json:
    option = given.text("option") or None
    done = control.click(
        given.given("user"), given.given("channel"), given.given("ts"), given.given("action"), option
    )
    return {"error": done.error}


def _shortcut(control: Control, given: Arguments) -> Json:
    done = control.shortcut(
        given.given("user"), given.given("channel"), given.given("ts"), given.given("callback")
    )
    return {"error": done.error}


def _act(control: Control, given: Arguments) -> Json:
    option = given.text("option") or None
    done = control.act(given.given("user"), given.given("view"), given.given("action"), option)
    return {"error": done.error}


def _submit(control: Control, given: Arguments) -> Json:
    values = given.value("values")
    done = control.submit(
        given.given("user"), given.given("view"), values if isinstance(values, dict) else {}
    )
    return {"error": done.error, "answer": done.answer}


def _dismiss(control: Control, given: Arguments) -> Json:
    control.dismiss(given.given("user"), given.given("view"))
    return {}


def _home(control: Control, given: Arguments) -> Json:
    control.open_home(given.given("user"))
    return {}


def _join(control: Control, given: Arguments) -> Json:
    control.join(given.given("user"), given.given("channel"))
    return {}


DEEDS: dict[str, Deed] = {
    "post": _post,
    "share": _share,
    "edit": _edit,
    "delete": _delete,
    "react": _react,
    "unreact": _unreact,
    "command": _command,
    "click": _click,
    "shortcut": _shortcut,
    "act": _act,
    "submit": _submit,
    "dismiss": _dismiss,
    "home": _home,
    "join": _join,
}
"""What the page may ask for, by the last part of the address."""
