"""Putting files into the thread, each once: the upload is recorded, then shown, then that is recorded."""

from __future__ import annotations

import logging
import re

from bot.brain.claimed import Claimed
from bot.brain.snippets import Snippet
from bot.slack.errors import SlackProblem, SlackUnavailable
from bot.slack.file_posts import FilePosts
from bot.slack.hearing.files import FileRefused
from memory.log.outgoing_events import FilePosted, FileUploaded
from memory.secrets.mask import SecretMask

OUT_BYTES = 1024**2
"""Of one file: a long log, a chart or a table. Looking for secrets in as much takes two seconds, in which the
rest of the process gets little done."""

TURN_FILES = 10
"""Files that one turn puts into a thread; more would bury what people say."""

LONGEST_NAME = 100

logger = logging.getLogger(__name__)

_UNSAFE = re.compile(r"[^\w .+()-]+")


class Sharing:
    """Shares the files of sessions, each in the session's own thread alone."""

    def __init__(self, posts: FilePosts, secrets: SecretMask) -> None:
        self._posts = posts
        self._secrets = secrets

    def share(self, claimed: Claimed, key: str, name: str, content: bytes) -> str:
        """Put the file into the thread under the key, unless it is there; gives what it is called.

        Raises `FileRefused` with the reason, which is recorded, and `SlackUnavailable`: then the same call
        later goes on where this one stopped.
        """
        begun = claimed.session.outgoing_file(key)
        if begun is None:
            self._upload(claimed, key, plain_name(self._secrets.text(name)), content)
        elif begun.posted is None and self._posts.posted(claimed.address, begun.file):
            claimed.append(FilePosted(key=key))
        return self._posted(claimed, key)

    def share_code(self, claimed: Claimed, code: Snippet) -> None:
        """Put a piece of an answer into the thread; what became of it is recorded."""
        try:
            self.share(claimed, code.key, code.name, code.content.encode("utf-8", "replace"))
        except FileRefused as refusal:
            logger.info("code of an answer comes as text, not as a file: %s", refusal)

    def _upload(self, claimed: Claimed, key: str, name: str, content: bytes) -> None:
        try:
            sent = self._checked(claimed, content)
            file = self._posts.upload(name, sent)
        except SlackUnavailable:
            raise
        except (FileRefused, SlackProblem) as refusal:
            claimed.append(FilePosted(key=key, problem=str(refusal)))
            return
        claimed.append(FileUploaded(key=key, file=file, name=name, size=len(sent)))

    def _posted(self, claimed: Claimed, key: str) -> str:
        file = claimed.session.outgoing_file(key)
        if file is not None and file.posted is None:
            # Slack knows no epoch: whoever was frozen since the upload must notice before the post.
            claimed.require_lease()
            try:
                self._posts.post(claimed.address, file.file, file.name)
            except SlackUnavailable:
                raise
            except SlackProblem as refusal:
                claimed.append(FilePosted(key=key, problem=str(refusal)))
            else:
                claimed.append(FilePosted(key=key))
            file = claimed.session.outgoing_file(key)
        if file is None or file.problem:
            raise FileRefused(file.problem if file else "it was not uploaded")
        return file.name

    def _checked(self, claimed: Claimed, content: bytes) -> bytes:
        """What may leave: text without its secrets, other bytes when they hold none that could be read."""
        if not content:
            raise FileRefused("it is empty")
        if len(content) > OUT_BYTES:
            raise FileRefused(f"it is larger than {OUT_BYTES // 1024**2} MB")
        files = [file for file in claimed.session.outgoing if file.turn == claimed.session.turn]
        if len(files) >= TURN_FILES:
            raise FileRefused(f"{TURN_FILES} files were shared for this request already")
        try:
            return self._secrets.text(content.decode()).encode()
        except UnicodeDecodeError:
            if self._secrets.mask(content.decode("latin-1")).kinds:
                raise FileRefused("it is no text and holds what looks like a secret") from None
            return content


def plain_name(path: str) -> str:
    """What the file is called in the thread: a plain name without folders."""
    name = _UNSAFE.sub("_", path.rpartition("/")[2]).strip(" ._-")[-LONGEST_NAME:]
    return name or "file"
