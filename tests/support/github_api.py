"""A stand-in for GitHub: its REST interface and Git over HTTP on loopback, as strict as the real one.

App requests need a fresh JWT of the app's key, everything else a token of an installation that the repository
is in. A pull request needs a branch that exists and holds something new.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from threading import RLock, Thread
from types import TracebackType
from typing import Self

import jwt
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.forge.plumbing import GitFailed
from memory.log.events import Json
from tests.support.github_accounts import GitHubAccounts
from tests.support.github_git import serve_git
from tests.support.github_state import Refused, Repository

APP_ID = "4711"
WEBHOOK_SECRET = "webhook-secret-of-the-tests"
LONGEST_JWT = 600


class GitHubApi:
    """A running stand-in; `with GitHubApi(folder) as api: …`. Repositories are bare ones below the folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._tokens: dict[str, datetime] = {}
        self._reach: dict[str, tuple[str, ...]] = {}
        """Names of the repositories that each token is for."""
        self._lock = RLock()
        self.repositories: dict[str, Repository] = {}
        self.journal: list[tuple[str, str, bytes]] = []
        """Method, path and body of every request that was let in."""
        self.asked: list[tuple[str, str, bytes]] = []
        """The same of every request of the app for a token."""
        self.faults: list[int | None] = []
        """Statuses of the next answers, None for the right one; with 502 what was asked takes effect."""
        self._lost: set[tuple[str, str]] = set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.accounts = GitHubAccounts(self.address)
        self._server = uvicorn.Server(
            uvicorn.Config(
                Starlette(
                    routes=[
                        Route("/{path:path}", self._answer, methods=["GET", "POST", "PATCH", "DELETE"]),
                    ]
                ),
                log_level="error",
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]})

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def private_key(self) -> str:
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()

    @property
    def tokens(self) -> list[str]:
        """Every token that was ever given out: none of them may be found anywhere."""
        return [*self._tokens, *self.accounts.tokens]

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def add(self, name: str, bare: Path) -> str:
        """Let the app be installed on a repository; gives its address."""
        self.repositories[name] = Repository(name=name, folder=bare, web=self.address)
        return f"{self.address}/{name}"

    def lose(self, method: str, ending: str) -> None:
        """The next request of this method whose path ends so takes effect, and its answer is lost."""
        self._lost.add((method, ending))

    def expire_tokens(self) -> None:
        """Let an hour pass for every token."""
        self._tokens = dict.fromkeys(self._tokens, datetime.now(UTC))

    def deliver(self, url: str, event: str, payload: Json, *, secret: str = WEBHOOK_SECRET) -> int:
        """Send a webhook as GitHub does, signed; gives the status of the answer."""
        body = json.dumps(payload).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(
            url,
            data=body,
            headers={
                "Content-Type": "application/json",
                "X-GitHub-Event": event,
                "X-GitHub-Delivery": token_hex(16),
                "X-Hub-Signature-256": f"sha256={signature}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(self._answered, request, body)

    def _answered(self, request: Request, body: bytes) -> Response:
        path: str = request.path_params["path"]
        with self._lock:
            fault = self.faults.pop(0) if self.faults else self._loss(request.method, path)
        if fault is not None and fault != 502:
            return JSONResponse({"message": "a fault"}, fault, {"Retry-After": "7"} if fault == 429 else None)
        try:
            answer = self._let_in(request, path, body)
        except Refused as refusal:
            answer = JSONResponse({"message": refusal.message, "errors": refusal.errors}, refusal.status)
        except GitFailed:
            answer = JSONResponse({"message": "Not Found"}, 404)
        return JSONResponse({"message": "Bad gateway"}, 502) if fault else answer

    def _loss(self, method: str, path: str) -> int | None:
        lost = next(((m, end) for m, end in self._lost if m == method and path.endswith(f"/{end}")), None)
        if lost is None:
            return None
        self._lost.remove(lost)
        return 502

    def _let_in(self, request: Request, path: str, body: bytes) -> Response:
        match path.split("/"):
            case ["app"]:
                self._require_app(request)
                return JSONResponse({"id": int(APP_ID), "name": "Oxbow of Riverbend"})
            case ["repos", owner, name, "installation"]:
                self._require_app(request)
                self._repository(f"{owner}/{name}")
                return JSONResponse({"id": 42, "app_id": int(APP_ID), "account": {"login": owner}})
            case ["app", "installations", "42", "access_tokens"]:
                self._require_app(request)
                self.asked.append((request.method, path, body))
                return self._token(json.loads(body))
            case ["login", "device", "code"]:
                return self.accounts.device(body)
            case ["login", "oauth", "access_token"]:
                return self.accounts.access_token(body)
            case ["user"]:
                return self.accounts.user(self.accounts.tokens.get(_bearer(request)))
            case ["user", number]:
                self._require_token(request, None, git_too=False)
                return self.accounts.user(int(number))
            case ["repos", owner, name, *rest]:
                self._require_token(request, name, git_too=False)
                self.journal.append((request.method, path, body))
                with self._lock:
                    given = json.loads(body) if body else {}
                    repository = self._repository(f"{owner}/{name}")
                    return repository.answer(request.method, rest, dict(request.query_params), given)
            case [owner, name, *rest] if rest:
                self._require_token(request, name.removesuffix(".git"), git_too=True)
                self.journal.append((request.method, path, b""))
                repository = self._repository(f"{owner}/{name}")
                return serve_git(
                    repository.folder,
                    "/".join(rest),
                    method=request.method,
                    query=request.url.query,
                    headers=dict(request.headers),
                    body=body,
                )
            case _:
                raise Refused(404, "Not Found")

    def _repository(self, name: str) -> Repository:
        found = self.repositories.get(name)
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def _require_app(self, request: Request) -> None:
        """A JWT of the app, not older and not longer than GitHub permits."""
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(bearer, self._key.public_key(), algorithms=["RS256"], issuer=APP_ID)
        except jwt.PyJWTError as error:
            raise Refused(401, "A JSON web token could not be decoded") from error
        if claims["exp"] - time.time() > LONGEST_JWT:
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")

    def _token(self, asked: Json) -> Response:
        token, ends = f"ghs_{token_hex(18)}", datetime.now(UTC) + timedelta(hours=1)
        self._tokens[token] = ends
        self._reach[token] = tuple(asked["repositories"])
        return JSONResponse(
            {
                "token": token,
                "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "permissions": asked.get("permissions", {}),
                "repository_selection": "selected",
            },
            201,
        )

    def _require_token(self, request: Request, name: str | None, *, git_too: bool) -> None:
        """A token that has not ended, and is for the repository of this name."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if git_too and kind == "Basic":
            user, _, given = base64.b64decode(given).decode().partition(":")
            kind = "token" if user == "x-access-token" else kind
        ends = self._tokens.get(given)
        if kind.lower() not in ("token", "bearer") or ends is None or ends <= datetime.now(UTC):
            raise Refused(401, "Bad credentials")
        if name is not None and name not in self._reach[given]:
            raise Refused(404, "Not Found")


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[2]
