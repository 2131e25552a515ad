"""What a search of memory looks like in Slack. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.rendered import (
    OUTCOME_WORDS,
    Rendered,
    actions,
    button,
    count,
    cut,
    escape,
    first_line,
    link,
    plain,
    section,
    without_markdown,
)
from memory.recall import Hit

SHARE = "oxbow_share"
"""Action id of the button that repeats the search for everybody in the channel."""


def search_results(query: str, hits: Sequence[Hit], *, shared: bool) -> Rendered:
    """Finished threads for one person, or shared in the channel."""
    asked = escape(cut(query, 200))
    if not hits:
        return plain(f"Nothing similar found for *{asked}*.")
    blocks = [section(f"*Solved before* — {asked}"), *(section(_hit(hit)) for hit in hits)]
    if not shared:
        blocks.append(actions(button("Share in channel", action=SHARE, value=cut(query, 1_900))))
    return Rendered(text=f"{count(len(hits), 'earlier thread')} for {asked}", blocks=tuple(blocks))


def _hit(hit: Hit) -> str:
    facts = [f"#{escape(hit.channel_name)}", OUTCOME_WORDS[hit.outcome], hit.finished_at.date().isoformat()]
    if hit.repository:
        facts.append(escape(hit.repository) + (f" @ {hit.commit[:10]}" if hit.commit else ""))
    fix = f"\n> {escape(first_line(without_markdown(hit.fix), 240))}" if hit.fix else ""
    return (
        f"{link(hit.permalink, first_line(hit.problem, 160))}\n{'  ·  '.join(facts)}\n{escape(hit.why)}{fix}"
    )
