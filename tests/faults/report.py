"""The closing table of a fault run, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from uuid import UUID

from tests.faults.conversations import Found
from tests.faults.strikes import Strike

COLUMNS = (
    "fault",
    "times",
    "sessions",
    "events",
    "lost",
    "doubled",
    "late",
    "unknown",
    "next step p50",
    "p95",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of fault, and what became of the sessions that were at work when it struck."""

    fault: str
    times: int
    sessions: int
    events: int
    lost: int
    doubled: int
    late_effects: int
    unknown_outcomes: int
    next_step_p50: float | None
    """Seconds from the fault to the session's next recorded step; None where work is not stopped."""
    next_step_p95: float | None

    @property
    def cells(self) -> tuple[str, ...]:
        """As they are printed."""
        return tuple(
            "-" if value is None else f"{value:.1f} s" if isinstance(value, float) else f"{value:,}"
            if isinstance(value, int) else str(value)
            for value in asdict(self).values()
        )  # fmt: skip


def rows(strikes: Sequence[Strike], found: Sequence[Found]) -> list[Row]:
    """A row for each kind of fault in the order of their first coming, and one for the whole run."""
    by_session = {each.session: each for each in found if each.session is not None}
    kinds = dict.fromkeys(strike.kind for strike in strikes)
    made = [_row(kind, [strike for strike in strikes if strike.kind == kind], by_session) for kind in kinds]
    whole = _counted("all together", len(strikes), found, [])
    return [*made, whole]


def table(rows: Iterable[Row]) -> str:
    """The rows in columns."""
    lines = [COLUMNS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def _row(kind: str, strikes: Sequence[Strike], by_session: Mapping[UUID, Found]) -> Row:
    hit = {session for strike in strikes for session in strike.hit}
    found = [by_session[session] for session in hit if session in by_session]
    waits = [
        (step - strike.at).total_seconds()
        for strike in strikes
        if strike.stops
        for session in strike.hit & by_session.keys()
        if (step := next((step for step in by_session[session].steps if step > strike.at), None)) is not None
    ]
    return _counted(kind, len(strikes), found, waits)


def _counted(kind: str, times: int, found: Sequence[Found], waits: Sequence[float]) -> Row:
    cuts = quantiles(waits, n=20) if len(waits) > 1 else None
    return Row(
        fault=kind,
        times=times,
        sessions=len(found),
        events=sum(each.events for each in found),
        lost=sum(len(each.lost) for each in found),
        doubled=sum(len(each.doubled) for each in found),
        late_effects=sum(len(each.late) for each in found),
        unknown_outcomes=sum(each.unknown for each in found),
        next_step_p50=round(cuts[9], 2) if cuts else None,
        next_step_p95=round(cuts[18], 2) if cuts else None,
    )
