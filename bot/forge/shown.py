"""A pull request of plain Git as text, for whoever looks at it on a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.forge.errors import ForgeError
from bot.forge.plain import PlainGit
from bot.forge.repository import Repository, short_name


def pull_request_text(plain: PlainGit, allowed: Sequence[Repository]) -> Callable[[str, int], str | None]:
    """From a repository's short name and a number to the text; None when there is no such pull request.

    It looks into the repositories that are allowed, and into no other.
    """

    def text(name: str, number: int) -> str | None:
        address = next((it.address for it in allowed if short_name(it.address) == name), None)
        if address is None:
            return None
        try:
            found, body, diff = plain.describe(address, number)
        except ForgeError:
            return None
        head = (
            f"{found.title}\n\nDraft pull request #{number}: {found.branch} into {found.base}, {found.state}"
        )
        return f"{head}\n\n{body}\n\n{diff}"

    return text
