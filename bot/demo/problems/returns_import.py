"""The weekly import of returns fails on a list without a time zone column."""

from __future__ import annotations

from bot.demo.moves import commit, look_at, replace, run_tests
from bot.model.script import Problem, Shortcut

_SUBJECT = "Read lists of returns without a time zone as UTC"

_FIX = replace(
    "Carriers that work in UTC leave `tz` empty or out, says the README. Both must be read as UTC.",
    path="returns/parcels.py",
    old='row["received_at"] + row["tz"]',
    new='row["received_at"] + (row.get("tz") or "+00:00")',
)
_PROOF = (
    run_tests("Now the tests again, all of them.", expected="\nOK"),
    commit("Everything passes. I commit the change.", subject=_SUBJECT),
)
_CHANGE_AND_EVIDENCE = f"""\
**Change.** `returns/parcels.py`: a list without the column `tz`, or with an empty one, is read as UTC.

**Evidence**
- `python3 -m unittest` before: `KeyError: 'tz'` in 2 of 5 tests
- `python3 -m unittest` after: 5 tests, OK, the real list of week 45 among them

**Commit** `{{commit}}` {_SUBJECT}"""

RETURNS_IMPORT = Problem(
    name="returns-import",
    title="Weekly import of returns fails with KeyError 'tz'",
    channel="returns",
    repository="returns-import",
    mention="the weekly import in returns-import fails with KeyError: 'tz' in parcels.py, can you fix it?",
    moves=(
        run_tests("I run the tests first, to see the failure with my own eyes.", expected="KeyError: 'tz'"),
        look_at(
            "The list of week 45 has no column `tz`. I look at the code that reads it and at what the README "
            "allows.",
            "returns/parcels.py",
            "README.md",
            "lists/week-45.csv",
        ),
        _FIX,
        *_PROOF,
    ),
    answer=f"""\
The list of week 45 loads again: lists without a time zone are read as UTC.

**Cause.** The carrier's list leaves the column `tz` out, which the README allows. `_read` took the column \
for granted, so that its first row ended the import with `KeyError: 'tz'`.

{_CHANGE_AND_EVIDENCE}""",
    shortcut=Shortcut(
        sign="'tz'",
        moves=(
            run_tests(
                "Memory has an earlier thread with this very error. I check that it is the same here.",
                expected="KeyError: 'tz'",
            ),
            _FIX,
            *_PROOF,
        ),
        answer=f"""\
The list of week 45 loads again. [An earlier thread]({{link}}) had the same error, which led straight to the \
place; here an empty `tz` had to be covered as well.

**Cause.** As there: the code took an optional `tz` for granted. The carrier's list leaves the column out.

{_CHANGE_AND_EVIDENCE}""",
    ),
)
