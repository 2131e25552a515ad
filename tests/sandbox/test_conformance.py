"""The table of the docs names the cases that the contract has, and every backend."""

from __future__ import annotations

import pytest

from tests.sandbox.conformance import BACKENDS, PAGE, Results, cases, page, sentence


def test_the_table_has_a_row_for_each_case_and_a_column_for_each_backend() -> None:
    header, _, *rows = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == [sentence(case) for case in cases()]
    assert header == f"| case | {' | '.join(BACKENDS)} |"


def test_no_backend_fails_a_case() -> None:
    assert "✗" not in PAGE.read_text().partition("|---")[2]


@pytest.mark.parametrize(("failed", "mark"), [(True, "✗"), (False, "✓"), (None, "·")])
def test_a_cell_says_what_became_of_the_case(failed: bool | None, mark: str) -> None:
    case = next(cases())
    known = {} if failed is None else {(BACKENDS["local"], case): failed}
    row = page(Results(failed=known)).splitlines()[-len(list(cases()))]
    assert row.startswith(f"| {sentence(case)} | {mark} |")
