"""The routes that the app uses: Web API, Socket Mode and response addresses."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from bot.workspace.arguments import parse
from bot.workspace.connections import Connections
from bot.workspace.errors import RateLimited, SlackError
from bot.workspace.faults import Faults, LostRequest, LostResponse, Refusal, SlowResponse
from bot.workspace.files import SIGN_IN
from bot.workspace.interactions import Interactions
from bot.workspace.socket_mode import SocketMode
from bot.workspace.web_api import WebApi
from bot.workspace.wire import Json

DOWNLOAD, UPLOAD = "download of a file", "upload of a file"
"""Under which a fault of them is ordered, as for a method; a refusal's error is the HTTP status."""


class AppRoutes:
    """What Slack serves at its own addresses."""

    def __init__(
        self,
        *,
        api: WebApi,
        faults: Faults,
        interactions: Interactions,
        socket_mode: SocketMode,
        connections: Connections,
    ) -> None:
        self._api = api
        self._faults = faults
        self._interactions = interactions
        self._socket_mode = socket_mode
        self._connections = connections

    def routes(self) -> list[BaseRoute]:
        """For the Starlette application."""
        return [
            Route("/api/{method}", self._call, methods=["GET", "POST"]),
            Route("/response/{token}", self._respond, methods=["POST"]),
            Route("/files-pri/{name}/download/{file}", self._download),
            Route("/upload/v1/{ticket}", self._upload, methods=["POST"]),
            WebSocketRoute("/socket", self._socket_mode.serve),
        ]

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        fault = self._faults.take(method)
        if isinstance(fault, LostRequest):
            return self._cut(request)
        try:
            token, arguments = await _arguments(request)
            answer = self._api.answer(method, token, arguments, fault)
        except RateLimited as refusal:
            headers = {"Retry-After": str(refusal.retry_after)}
            return JSONResponse(refusal.as_json(), status_code=429, headers=headers)
        except SlackError as refusal:
            return JSONResponse(refusal.as_json())
        if isinstance(fault, SlowResponse):
            await asyncio.sleep(fault.seconds)
        return (
            self._cut(request)
            if isinstance(fault, LostResponse)
            else JSONResponse(answer, headers=self._api.granted)
        )

    async def _download(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        fault = self._faults.take(DOWNLOAD)
        if isinstance(fault, LostRequest):
            return self._cut(request)
        if isinstance(fault, Refusal):
            return PlainTextResponse("not now", status_code=int(fault.error))
        file = self._api.download(request.path_params["name"], token)
        if file is None:
            return HTMLResponse(SIGN_IN)
        return Response(file.content, media_type=file.mimetype)

    async def _upload(self, request: Request) -> Response:
        fault = self._faults.take(UPLOAD)
        if isinstance(fault, LostRequest):
            return self._cut(request)
        if isinstance(fault, Refusal):
            return PlainTextResponse("not now", status_code=int(fault.error))
        taken = self._api.receive(request.path_params["ticket"], await request.body())
        if isinstance(fault, LostResponse):
            return self._cut(request)
        return PlainTextResponse("OK" if taken else "not taken", status_code=200 if taken else 400)

    async def _respond(self, request: Request) -> Response:
        try:
            body = parse(await request.body(), "application/json")
            self._interactions.respond(request.path_params["token"], body)
        except SlackError as refusal:
            return JSONResponse(refusal.as_json(), status_code=404)
        return PlainTextResponse("ok")

    def _cut(self, request: Request) -> Response:
        if request.client is not None:
            self._connections.cut((request.client.host, request.client.port))
        return Response()


async def _arguments(request: Request) -> tuple[str, Json]:
    """The token, from the header or the body, and the other arguments."""
    body = parse(await request.body(), request.headers.get("content-type", ""))
    arguments: Json = {**request.query_params, **body}
    in_body = arguments.pop("token", "")
    in_header = request.headers.get("authorization", "").removeprefix("Bearer ")
    return in_header or in_body, arguments
