"""The token of a workspace that installed the app: renewed in time by one process, given up when lost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation import TokenRotator

from bot.slack.errors import ACCESS_DELAY, DELAY, SlackUnavailable, TokenRefused
from bot.slack.tenants.sealing import Sealing
from memory.workspaces.installations import Installation, Installations, Renewed

EARLY = timedelta(hours=2)
"""Before the end of a token in which it is renewed; Slack's last for twelve hours."""

MINUTES = 130
"""The same for the library, which looks at this host's clock and not at the database's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    text: str
    expires_at: datetime | None


class InstalledAccess:
    """The access of one workspace. Safe to use from several threads and processes."""

    def __init__(
        self, team: str, installations: Installations, sealing: Sealing, rotator: TokenRotator
    ) -> None:
        self.team = team
        self._installations = installations
        self._sealing = sealing
        self._rotator = rotator
        self._lock = Lock()
        self._kept: _Token | None = None

    def token(self) -> str:
        """A token that is good now. Raises `SlackUnavailable` when there is none."""
        with self._lock:
            kept = self._kept
        if kept is not None and (kept.expires_at is None or datetime.now(UTC) < kept.expires_at - EARLY):
            return kept.text
        return self.renewed(wait=kept is None)

    def renewed(self, *, wait: bool = True) -> str:
        """The token after a look at what is kept, renewed if it ends soon. Raises `SlackUnavailable`.

        Without `wait` a token that another process is renewing counts as it is.
        """
        found = self._installations.renew(self.team, self._renew, wait=wait) or self._installations.of(
            self.team
        )
        if found is None or found.parked is not None:
            reason = "was erased" if found is None else f"is parked: {found.parked}"
            raise SlackUnavailable(f"the installation of {self.team} {reason}", delay=ACCESS_DELAY)
        token = _Token(text=opened(found, self._sealing).bot_token, expires_at=found.expires_at)
        with self._lock:
            self._kept = token
        return token.text

    def lost(self, problem: TokenRefused) -> None:
        """Slack says that the token is gone for good: nothing is tried there until it is installed anew."""
        self._installations.park(self.team, str(problem))

    def _renew(self, found: Installation) -> Renewed | None:
        if found.parked is not None or found.expires_at is None or found.now < found.expires_at - EARLY:
            return None
        try:
            bot = self._rotator.perform_bot_token_rotation(
                bot=opened(found, self._sealing), minutes_before_expiration=MINUTES
            )
        except (SlackTokenRotationError, SlackClientError, OSError) as error:
            if found.now < found.expires_at:
                return None
            raise SlackUnavailable(
                f"the token of {self.team} cannot be renewed: {type(error).__name__}", delay=DELAY
            ) from error
        return None if bot is None else (sealed(bot, self._sealing), expiry(bot))


def sealed(bot: Bot, sealing: Sealing) -> bytes:
    """What is kept of an installation."""
    return sealing.seal(json.dumps(bot.to_dict_for_copying(), default=_moment).encode())


def opened(installation: Installation, sealing: Sealing) -> Bot:
    """The installation as Slack gave it. Raises `Unsealable`."""
    return Bot(**json.loads(sealing.open(installation.sealed)))


def expiry(bot: Bot) -> datetime | None:
    """When its token ends; None: never."""
    return None if bot.bot_token_expires_at is None else datetime.fromtimestamp(bot.bot_token_expires_at, UTC)


def rotator(client_id: str, client_secret: str, *, api_url: str, timeout: int) -> TokenRotator:
    """Renews tokens by oauth.v2.access."""
    client = WebClient(base_url=api_url, timeout=timeout, retry_handlers=[])
    return TokenRotator(client_id=client_id, client_secret=client_secret, client=client)


def _moment(value: Any) -> str:
    """Times as text that `Bot` reads."""
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is not kept")
    return value.isoformat()
