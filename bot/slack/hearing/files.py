"""Files that people shared, brought from Slack: with the token to Slack's own hosts and to no other.

FileRefused   the file cannot be had, now or later; the text says why, for people
"""

from __future__ import annotations

import time
from http.client import HTTPException, HTTPResponse
from urllib.parse import SplitResult, urlsplit

from bot.slack.errors import DELAY, SlackProblem, SlackUnavailable
from bot.slack.hosts import SlackHosts, connection, path_of
from bot.slack.web import SlackWeb
from memory.log.events import Json
from memory.log.file_events import SharedFile

FILE_BYTES = 20 * 1024**2
"""Of one file: more than a screenshot, a log or an archive of a few modules; kept in the database."""

SECONDS = 60.0
"""For one file."""

PIECE = 64 * 1024


class FileRefused(Exception):
    """The file cannot be had."""


class Files:
    """Brings the files of one workspace."""

    def __init__(self, web: SlackWeb, *, api_url: str) -> None:
        self._web = web
        self._hosts = SlackHosts(api_url)

    def fetch(self, file: SharedFile) -> bytes:
        """The whole content. Raises `FileRefused`, or `SlackUnavailable` when asking again may help."""
        if file.size > FILE_BYTES:
            raise FileRefused(f"it is larger than {FILE_BYTES // 1024**2} MB")
        place = urlsplit(file.address or self._looked_up(file.id))
        if not self._hosts.own(place):
            raise FileRefused("it is not kept by Slack, and my token goes nowhere else")
        content = self._read(place, file)
        if not content:
            raise FileRefused("it is empty")
        return content

    def _looked_up(self, file: str) -> str:
        """The address of a file of which the event told nothing but its id."""
        try:
            found: Json = self._web.call("files.info", file=file).get("file") or {}
        except SlackUnavailable:
            raise
        except SlackProblem as problem:
            raise FileRefused(f"I may not see it ({problem})") from problem
        return str(found.get("url_private_download") or found.get("url_private") or "")

    def _read(self, place: SplitResult, file: SharedFile) -> bytes:
        """The body of the answer. A redirection is never followed: it would take the token along."""
        link = connection(place)
        try:
            link.request("GET", path_of(place), headers={"Authorization": f"Bearer {self._web.token()}"})
            answer = link.getresponse()
            if answer.status == 429 or answer.status >= 500:
                raise SlackUnavailable(f"Slack answered {answer.status} for a file", delay=DELAY)
            if answer.status != 200:
                raise FileRefused(f"Slack answered {answer.status}")
            page = answer.getheader("Content-Type", "").startswith("text/html")
            if page and not file.mimetype.startswith("text/html"):
                # So Slack answers a token that lacks the scope: with its page for signing in.
                raise FileRefused("Slack shows its sign-in page instead; the app may lack files:read")
            return _content(answer)
        except (OSError, HTTPException) as error:
            raise SlackUnavailable(f"a file cannot be had: {type(error).__name__}", delay=DELAY) from error
        finally:
            link.close()


def _content(answer: HTTPResponse) -> bytes:
    until = time.monotonic() + SECONDS
    pieces, size = [], 0
    while piece := answer.read(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > FILE_BYTES:
            raise FileRefused(f"it is larger than {FILE_BYTES // 1024**2} MB")
        if time.monotonic() > until:
            raise SlackUnavailable("a file comes too slowly", delay=DELAY)
    return b"".join(pieces)


def shared_files(event: Json) -> tuple[SharedFile, ...]:
    """The files that a message event tells of."""
    files = [item for item in event.get("files") or () if isinstance(item, dict) and item.get("id")]
    return tuple(map(_shared, files))


def _shared(item: Json) -> SharedFile:
    kept = item.get("mode") not in ("external", "tombstone", "hidden_by_limit")
    size = item.get("size")
    return SharedFile(
        id=str(item["id"]),
        name=str(item.get("name") or item.get("title") or item["id"]),
        mimetype=str(item.get("mimetype") or ""),
        size=size if isinstance(size, int) else 0,
        address=str(item.get("url_private_download") or item.get("url_private") or "")
        if kept
        else "external:",
    )
