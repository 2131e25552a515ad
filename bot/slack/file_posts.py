"""Files that Oxbow puts into threads: uploaded first, where nobody sees them, then put into the thread."""

from __future__ import annotations

from http.client import HTTPException
from urllib.parse import urlsplit

from bot.slack.errors import DELAY, SlackUnavailable
from bot.slack.gate import Gate
from bot.slack.hearing.files import FileRefused
from bot.slack.hosts import SlackHosts, connection, path_of
from bot.slack.replies import POST_AGE
from bot.slack.web import SlackWeb
from memory.log.session_log import ThreadAddress

PAGE = 200


class FilePosts:
    """Of one workspace. Every method may raise `SlackUnavailable` or another `SlackProblem`."""

    def __init__(self, web: SlackWeb, gate: Gate, *, api_url: str) -> None:
        self._web = web
        self._gate = gate
        self._hosts = SlackHosts(api_url)

    def upload(self, name: str, content: bytes) -> str:
        """Bring the bytes to Slack; gives the file's id. Raises `FileRefused` too."""
        reserved = self._web.call("files.getUploadURLExternal", filename=name, length=len(content))
        place = urlsplit(str(reserved["upload_url"]))
        if not self._hosts.own(place):
            raise FileRefused("Slack named a place for it that is not Slack's")
        link = connection(place)
        try:
            link.request(
                "POST", path_of(place), body=content, headers={"Content-Type": "application/octet-stream"}
            )
            status = link.getresponse().status
        except (OSError, HTTPException) as error:
            raise SlackUnavailable(f"a file cannot be sent: {type(error).__name__}", delay=DELAY) from error
        finally:
            link.close()
        if status == 429 or status >= 500:
            raise SlackUnavailable(f"Slack answered {status} for a file", delay=DELAY)
        if status != 200:
            raise FileRefused(f"Slack answered {status}")
        return str(reserved["file_id"])

    def post(self, address: ThreadAddress, file: str, title: str) -> None:
        """Put what was uploaded into the thread; the channel must be public at this moment."""
        self._gate.require_public(address.channel, max_age=POST_AGE)
        self._web.call(
            "files.completeUploadExternal",
            files=[{"id": file, "title": title}],
            channel_id=address.channel,
            thread_ts=address.thread,
        )

    def posted(self, address: ThreadAddress, file: str) -> bool:
        """Whether the file is in the thread."""
        cursor = None
        while True:
            page = self._web.call(
                "conversations.replies",
                channel=address.channel,
                ts=address.thread,
                limit=PAGE,
                cursor=cursor,
            )
            shared = (item for message in page.get("messages", []) for item in message.get("files") or ())
            if any(item.get("id") == file for item in shared):
                return True
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return False
