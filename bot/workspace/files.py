"""Files of the workspace: what people and the app put there, and how the Web API describes them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.workspace.people import TEAM
from bot.workspace.wire import Json

SIGN_IN = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to Riverbend</body></html>"
"""What Slack serves, with status 200, to whoever asks for a file without a token that may read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file and its content."""

    id: str
    name: str
    mimetype: str
    owner: str
    content: bytes
    host: str
    """Address of the workspace, without a slash at the end."""
    title: str = ""
    """The name where it is empty."""

    @property
    def address(self) -> str:
        """Where it is to be had with a token."""
        return f"{self.host}/files-pri/{TEAM}-{self.id}/download/{self.id}"

    def as_json(self) -> Json:
        """The file object."""
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "size": len(self.content),
            "user": self.owner,
            "mode": "hosted",
            "is_external": False,
            "file_access": "visible",
            "url_private": self.address,
            "url_private_download": self.address,
        }

    def as_stub(self) -> Json:
        """What Slack tells where an app must ask for the rest."""
        return {"id": self.id, "file_access": "check_file_info"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A place that was reserved for a file."""

    file: StoredFile
    length: int
    received: bool = False
