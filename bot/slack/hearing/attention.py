"""Whether a reply without a mention is said to Oxbow. Pure."""

from __future__ import annotations

from bot.slack.hearing.text import asks_for_quiet, is_stop, spoken_to
from memory.log.session_log import ThreadState


def follows(state: ThreadState, author: str, text: str) -> bool:
    """Whether a reply without a mention is said to the session.

    Saying stop always is, and so is switching its attention. Where the thread was asked to be quiet, or the
    channel wants it so and the thread was not asked to be followed, nothing else is. Otherwise a reply counts
    while the session is at work, and after its answer as long as the author is the only person who has spoken
    to it; words to somebody else never count.
    """
    if is_stop(text) or asks_for_quiet(text) is not None:
        return True
    only_mentions = state.only_mentions if state.quiet is None else state.quiet
    if spoken_to(text) or only_mentions:
        return False
    return state.working or set(state.authors) <= {author}
