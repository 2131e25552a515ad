"""Lines of a cart."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """Some pieces of one article. `unit_cents` is the price of a piece, `discount_percent` 0 to 100."""

    article: str
    unit_cents: int
    quantity: int = 1
    discount_percent: int = 0
