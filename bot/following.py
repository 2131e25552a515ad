"""Following pull requests through: what becomes of them goes into the log of their session, which wakes it.

The forge is the truth. A webhook says that something happened, never what: whoever follows looks for itself,
so that a lost, late or repeated webhook, and a forge that sends none, make no difference but of a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from threading import Event, Thread

from bot.forge.errors import ForgeError
from bot.forge.forges import Forges
from bot.forge.port import Standing
from bot.forge.repository import Repository
from memory.errors import DatabaseLost
from memory.log.change_events import FailedCheck, GivenReview, PullRequestChanged, PullRequestState
from memory.log.codec import encode
from memory.log.session_log import SessionLog
from memory.secrets.mask import SecretMask
from memory.workspaces.pull_requests import Followed, PullRequests

LOOK_SECONDS = 5.0
"""Between two questions to the database for what is due; a webhook takes effect within that."""

EVERY = timedelta(minutes=1)
"""Between two looks at an open pull request: without webhooks nobody waits longer for a failed check."""

AFTER_MERGE = timedelta(hours=6)
"""Between two looks at a merged one: a revert is seen the same day."""

QUOTED = 4_000
"""Characters kept of one check or review."""

REVIEWS = 50
"""Kept of one pull request, the newest."""

logger = logging.getLogger(__name__)


class Following:
    """Looks at what is due now and then. Any number of processes may; each change is told once."""

    def __init__(
        self,
        *,
        pull_requests: PullRequests,
        log: SessionLog,
        forges: Forges,
        allowed: Sequence[Repository],
        secrets: SecretMask,
    ) -> None:
        self._pull_requests = pull_requests
        self._log = log
        self._forges = forges
        self._allowed = frozenset(repository.address for repository in allowed)
        self._secrets = secrets
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="following", daemon=True)

    def start(self) -> None:
        """Begin in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End after the look that is under way."""
        self._stopped.set()

    def look(self) -> int:
        """Look at everything that is due; how many were told something. Raises DatabaseLost."""
        return sum(1 for followed in self._pull_requests.take_due(EVERY) if self._looked_at(followed))

    def _looked_at(self, followed: Followed) -> bool:
        if followed.repository not in self._allowed:
            return False
        try:
            standing = self._forges.of(followed.repository).look(followed.repository, followed.number)
        except ForgeError as error:
            logger.warning("pull request %d is not looked at now: %s", followed.number, error)
            return False
        event = changed(standing, self._secrets)
        told = sha256(encode(event)[2].encode()).hexdigest()
        if told == followed.told:
            return False
        key = f"pull:{followed.repository}#{followed.number}:{followed.times + 1}"
        self._log.receive(followed.thread, [event], delivery_key=key)
        self._pull_requests.told(followed, told, _again(event.state))
        return True

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.look()
            except DatabaseLost as error:
                logger.warning("pull requests are not followed now: %s", error)


def changed(standing: Standing, secrets: SecretMask) -> PullRequestChanged:
    """The event that says how it stands, without secrets."""
    return PullRequestChanged(
        number=standing.pull_request.number,
        state=standing.pull_request.state,
        head=standing.pull_request.head,
        conclusion=standing.conclusion,
        failures=tuple(
            FailedCheck(name=check.name, summary=secrets.text(check.summary)[-QUOTED:])
            for check in standing.checks
            if check.conclusion == "failed"
        ),
        reviews=tuple(
            GivenReview(
                id=review.id,
                author=review.author,
                verdict=review.verdict,
                text=secrets.text(review.text)[:QUOTED],
            )
            for review in standing.reviews[-REVIEWS:]
        ),
    )


def _again(state: PullRequestState) -> timedelta | None:
    match state:
        case "open" | "closed":
            # A closed one may be opened again.
            return EVERY if state == "open" else AFTER_MERGE
        case "merged":
            return AFTER_MERGE
        case "reverted":
            return None
