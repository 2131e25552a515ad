"""The nightly import fails on a row without a time zone."""

from __future__ import annotations

from bot.demo.moves import commit, look_at, replace, run_tests
from bot.model.script import Problem, Shortcut

_SUBJECT = "Read order rows without a time zone as UTC"

_FIX = replace(
    "The README calls `tz` optional and says that such rows are in UTC; the code demands it. I make the code "
    "keep that promise.",
    path="orders/rows.py",
    old='row["tz"]',
    new='row.get("tz", "+00:00")',
)
_PROOF = (
    run_tests("Now the tests again, all of them.", expected="\nOK"),
    commit("Everything passes. I commit the change.", subject=_SUBJECT),
)
_CHANGE_AND_EVIDENCE = f"""\
**Change.** `orders/rows.py`: a row without `tz` is read as UTC (`row.get("tz", "+00:00")`).

**Evidence**
- `python3 -m unittest` before: `KeyError: 'tz'` in 2 of 4 tests
- `python3 -m unittest` after: 4 tests, OK, the real export of 3 November among them

**Commit** `{{commit}}` {_SUBJECT}"""

ORDERS_IMPORT = Problem(
    name="orders-import",
    title="Nightly import fails with KeyError 'tz'",
    channel="orders",
    repository="orders-import",
    mention="the nightly import in orders-import fails with KeyError: 'tz' since last night, can you fix it?",
    moves=(
        run_tests("I run the tests first, to see the failure with my own eyes.", expected="KeyError: 'tz'"),
        look_at(
            "The error is there: `read_order` wants a `tz` that the row does not have. Is a row without one "
            "wrong, or the code? I look at both and at the description of the format.",
            "orders/rows.py",
            "README.md",
            "exports/2026-11-03.jsonl",
        ),
        _FIX,
        *_PROOF,
    ),
    answer=f"""\
The import works again: rows without a time zone are read as UTC, as the README promises.

**Cause.** The export of 3 November holds a row of a new shop without the optional field `tz` (`P-0311`). \
`read_order` took the field for granted, so that one row ended the whole import with `KeyError: 'tz'`.

{_CHANGE_AND_EVIDENCE}""",
    shortcut=Shortcut(
        sign="'tz'",
        moves=(
            run_tests(
                "An earlier thread solved an error like this one. I check that it is the same here.",
                expected="KeyError: 'tz'",
            ),
            _FIX,
            *_PROOF,
        ),
        answer=f"""\
The import works again. [An earlier thread]({{link}}) had the same error, and its way out holds here too.

**Cause.** As there: the code took the optional field `tz` for granted; a row without it ended the import.

{_CHANGE_AND_EVIDENCE}""",
    ),
)
