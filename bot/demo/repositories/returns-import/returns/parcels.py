"""Returned parcels, read from the carriers' lists."""

import csv
from dataclasses import dataclass
from datetime import datetime, timezone


@dataclass(frozen=True)
class Return:
    """A parcel that came back; `received_at` is in UTC."""

    parcel: str
    reason: str
    received_at: datetime


def read_returns(lines):
    """All returns of a list, in its order."""
    return [_read(row) for row in csv.DictReader(lines)]


def _read(row):
    moment = datetime.fromisoformat(row["received_at"] + row["tz"])
    return Return(
        parcel=row["parcel"],
        reason=row["reason"] or "not given",
        received_at=moment.astimezone(timezone.utc),
    )
