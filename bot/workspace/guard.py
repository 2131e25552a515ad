"""Who may speak to the local workspace: programs of this machine and its own page, nobody else's page.

A foreign web page could make the reader's browser call a server on loopback. Two checks stand against it: the
Host header must be a loopback name (a foreign name that was made to resolve to 127.0.0.1 keeps its own Host),
and whatever changes something for the page must come from the page's own origin.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_NAMES = ("127.0.0.1", "localhost")
_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class LoopbackGuard:
    """Refuses requests with a foreign Host, and writes to `/workspace/` from a foreign origin."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        with_port = [f"{name}:{port}" for name in _NAMES]
        self._hosts = frozenset([*with_port, *_NAMES])  # Slack's own websocket client leaves the port out
        self._origins = frozenset(f"http://{host}" for host in with_port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008, reason=refusal)(scope, receive, send)
        else:
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self._hosts:
            return "the local workspace answers to its loopback address only"
        writes = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD")
        if writes and scope["path"].startswith("/workspace/"):
            if headers.get("origin", next(iter(self._origins))) not in self._origins:
                return "only the workspace's own page may do that"
            if headers.get("content-type", "").partition(";")[0] != "application/json":
                return "send application/json"  # a form of a foreign page cannot
        return None


def security_headers() -> dict[str, str]:
    """The headers of the page and its files: nothing from elsewhere is loaded, nothing inline runs."""
    return dict(_SECURITY_HEADERS)
