"""What a repository's instruction file is to say of a problem that comes up again and again. Pure.

The words are people's: quoted from the thread that was confirmed, with every thread named that it came up in.
"""

from __future__ import annotations

from hashlib import sha256

from bot.slack.showing.rendered import cut, first_line
from memory.solutions.recurring import Occurrence, Recurring

TITLE_CHARACTERS = 72
FIX_CHARACTERS = 1_500
"""Of the quotation; the thread has the rest."""


def branch_of(problem: Recurring) -> str:
    """The branch of the problem's proposal: one for as long as its earliest thread is remembered."""
    return f"oxbow/instructions-{sha256(problem.key.encode()).hexdigest()[:12]}"


def title_of(problem: Recurring) -> str:
    """The first line of the commit and of the pull request."""
    return cut(f"Say how to solve: {_name(problem)}", TITLE_CHARACTERS)


def with_section(before: str | None, added: str) -> str:
    """The file with a section at its end."""
    return added if before is None else f"{before.rstrip()}\n\n{added}"


def knows(before: str | None, problem: Recurring) -> bool:
    """Whether the file names one of the problem's threads already."""
    return before is not None and any(it.permalink in before for it in problem.occurrences if it.permalink)


def description(problem: Recurring, solved: Occurrence, file: str) -> str:
    """The text of the pull request, in Markdown."""
    threads = [f"- {it.permalink}, {it.finished_at:%Y-%m-%d}, {it.outcome}" for it in problem.occurrences]
    return "\n\n".join(
        (
            f"This came up in {len(problem.occurrences)} threads. `{file}` would tell whoever works here, "
            f"in the words of [the thread whose answer was confirmed]({solved.permalink}).",
            "\n".join(threads),
            "Read it as what it is: quoted from a chat. Nothing applies until a person merges it. Once "
            "closed it is not proposed again.",
        )
    )


def section(problem: Recurring, solved: Occurrence) -> str:
    """What the file is to say, in Markdown."""
    quoted = "\n".join(f"> {line}".rstrip() for line in cut(solved.fix.strip(), FIX_CHARACTERS).splitlines())
    threads = "\n".join(f"- {it.permalink}" for it in problem.occurrences)
    told = f"Came up in {len(problem.occurrences)} threads. What solved it, quoted from {solved.permalink}:"
    return f"## {_name(problem)}\n\n{told}\n\n{quoted}\n\n{threads}\n"


def _name(problem: Recurring) -> str:
    """One line that is no markup."""
    return " ".join(first_line(problem.typical.problem, 100).replace("`", "'").lstrip("#> ").split())
