"""Rows of a shop's export, read into orders."""

from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal


@dataclass(frozen=True)
class Order:
    """An order as the warehouse wants it; `placed_at` is in UTC."""

    number: str
    total: Decimal
    placed_at: datetime


def read_order(row):
    """The order that one row of the export describes."""
    return Order(
        number=row["number"],
        total=Decimal(row["total"]),
        placed_at=in_utc(row["placed_at"], row["tz"]),
    )


def in_utc(local, offset):
    """A local date and time with its offset, as a moment in UTC."""
    return datetime.fromisoformat(local + offset).astimezone(timezone.utc)
