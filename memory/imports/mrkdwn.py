"""Slack's message mark-up as plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

_ENTITY = re.compile(r"<([^<>\n]+)>")


def plain_text(mrkdwn: str, people: Mapping[str, str]) -> str:
    """Resolve mentions, channels and links, then the escapes; code and emphasis stay as they are.

    `people` maps user ids to names; a mention of somebody it does not know shows the id.
    """
    # Slack escapes every angle bracket a person typed, so the raw ones all belong to its own mark-up.
    return html.unescape(_ENTITY.sub(lambda match: _entity(match.group(1), people), mrkdwn)).strip()


def _entity(content: str, people: Mapping[str, str]) -> str:
    target, _, label = content.partition("|")
    match target[0]:
        case "@":
            return f"@{label or people.get(target[1:], target[1:])}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            # `here`, `subteam^S1|@ops`, `date^1392734382^{date}|18 February`
            return label or f"@{target[1:].partition('^')[0]}"
        case _:
            address = target.removeprefix("mailto:")
            return f"{label} ({address})" if label and label not in address else address
