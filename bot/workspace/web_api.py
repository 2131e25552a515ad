"""The Web API: who may call which method, and what stands in the way of a call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.workspace import chat_methods, conversation_methods, other_methods, upload_methods
from bot.workspace.arguments import Arguments
from bot.workspace.context import Context
from bot.workspace.errors import RateLimited, SlackError
from bot.workspace.faults import Fault, RateLimit, Refusal
from bot.workspace.files import StoredFile
from bot.workspace.journal import Call, Journal
from bot.workspace.rates import Rates
from bot.workspace.scopes import require
from bot.workspace.wire import Json

Method: TypeAlias = Callable[[Context, Arguments], Json]

OPEN_CONNECTION = "apps.connections.open"

METHODS: Mapping[str, tuple[str | None, Method]] = {
    "api.test": (None, other_methods.api_test),
    "auth.test": (None, other_methods.auth_test),
    "chat.delete": ("chat:write", chat_methods.delete),
    "chat.getPermalink": (None, chat_methods.get_permalink),
    "chat.postEphemeral": ("chat:write", chat_methods.post_ephemeral),
    "chat.postMessage": ("chat:write", chat_methods.post_message),
    "chat.update": ("chat:write", chat_methods.update),
    "conversations.history": (None, conversation_methods.history),
    "conversations.info": (None, conversation_methods.info),
    "conversations.join": (None, conversation_methods.join),
    "conversations.leave": (None, conversation_methods.leave),
    "conversations.list": (None, conversation_methods.list_),
    "conversations.members": (None, conversation_methods.members),
    "conversations.open": (None, conversation_methods.open_),
    "conversations.replies": (None, conversation_methods.replies),
    "files.completeUploadExternal": ("files:write", upload_methods.complete_upload),
    "files.getUploadURLExternal": ("files:write", upload_methods.get_upload_url),
    "files.info": ("files:read", upload_methods.info),
    "reactions.add": ("reactions:write", other_methods.reactions_add),
    "reactions.get": ("reactions:read", other_methods.reactions_get),
    "reactions.remove": ("reactions:write", other_methods.reactions_remove),
    "users.conversations": (None, conversation_methods.of_user),
    "users.info": ("users:read", other_methods.users_info),
    "users.list": ("users:read", other_methods.users_list),
    "views.open": (None, other_methods.views_open),
    "views.publish": (None, other_methods.views_publish),
    "views.update": (None, other_methods.views_update),
}
"""Each method with the one scope that it needs; conversations.* choose theirs by the kind of conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the app shows to be let in."""

    bot: str
    app: str


class WebApi:
    """Answers the calls of one app."""

    def __init__(
        self, context: Context, tokens: Tokens, connect: Callable[[], str], journal: Journal, rates: Rates
    ) -> None:
        self._context = context
        self._tokens = tokens
        self._connect = connect
        self._journal = journal
        self._rates = rates

    def download(self, name: str, token: str) -> StoredFile | None:
        """The file of this address, for a token that may read files; None is what a stranger gets."""
        if token != self._tokens.bot or "files:read" not in self._context.scopes:
            return None
        with self._context.world.changed:
            return self._context.world.state.files.get(name.partition("-")[2])

    def receive(self, ticket: str, content: bytes) -> bool:
        """The bytes for an address of files.getUploadURLExternal; False where Slack would refuse them."""
        return upload_methods.receive(self._context, ticket, content)

    @property
    def granted(self) -> dict[str, str]:
        """The header in which Slack names the token's scopes."""
        return {"X-OAuth-Scopes": ",".join(sorted(self._context.scopes))}

    def answer(self, method: str, token: str, arguments: Json, fault: Fault | None) -> Json:
        """The answer's body, noted in the journal. Raises RateLimited."""
        changed = self._context.world.changed
        at = time.monotonic()
        with changed:
            try:
                answer = self._call(method, token, Arguments(arguments), fault)
            except RateLimited as refusal:
                self._note(method, arguments, at, refusal.as_json())
                raise
            except SlackError as refusal:
                answer = refusal.as_json()
            self._note(method, arguments, at, answer)
        return answer

    def _call(self, method: str, token: str, arguments: Arguments, fault: Fault | None) -> Json:
        match fault:
            case Refusal(error=error):
                raise SlackError(error)
            case RateLimit(retry_after=seconds):
                raise RateLimited(seconds)
            case _:
                self._rates.count(method, arguments.text("channel"), time.monotonic())
        if method == OPEN_CONNECTION:
            self._admit(token, self._tokens.app)
            return {"ok": True, "url": self._connect()}
        if method not in METHODS:
            raise SlackError("unknown_method", req_method=method)
        if method != "api.test":
            self._admit(token, self._tokens.bot)
        scope, call = METHODS[method]
        if scope is not None:
            require(self._context.scopes, scope)
        page = self._rates.page(method)
        if page is not None:
            arguments = Arguments({**arguments.values, "limit": min(page, arguments.number("limit", page))})
        return call(self._context, arguments)

    def _admit(self, token: str, expected: str) -> None:
        if not token:
            raise SlackError("not_authed")
        if token != expected:
            known = token in (self._tokens.bot, self._tokens.app)
            raise SlackError("not_allowed_token_type" if known else "invalid_auth")

    def _note(self, method: str, arguments: Json, at: float, answer: Json) -> None:
        self._journal.calls.append(Call(method=method, arguments=arguments, at=at, answer=answer))
        self._context.world.changed.notify_all()
