"""What model calls cost, in US dollars, by the provider's price list as of 25 November 2026."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from memory.log.usage import Usage

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Dollars per million tokens. `cache_write` is the rate of entries that live five minutes."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal
    above: int = 0
    """The price holds for prompts of more than this many tokens."""


def _price(input: str, output: str, *, cache_read: str, above: int = 0) -> Price:  # noqa: A002
    """Cache reads have a rate of their own per model; a cache write is 1.25 times the input everywhere."""
    return Price(
        input=Decimal(input),
        output=Decimal(output),
        cache_read=Decimal(cache_read),
        cache_write=Decimal(input) * Decimal("1.25"),
        above=above,
    )


PRICES = {
    "claude-fable-5-2": (_price("8", "40", cache_read="0.20"),),
    "claude-opus-5-5": (_price("4", "20", cache_read="0.20"),),
    "claude-opus-5": (_price("5", "25", cache_read="0.50"),),
    "claude-opus-4-8": (_price("5", "25", cache_read="0.50"),),
    "claude-sonnet-5-5": (_price("2", "10", cache_read="0.20"),),
    "claude-haiku-5-5": (
        _price("0.10", "0.50", cache_read="0.01"),
        _price("0.50", "2.50", cache_read="0.05", above=100_000),
    ),
}
"""Prices of each model, the ones for larger prompts last."""


def cost(usage: Usage, model: str) -> Decimal | None:
    """Dollars of one call, exactly; None when the model has no known price."""
    prompt = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    return cost_together(usage, model, prompt_above=max(prompt - 1, 0))


def cost_together(usage: Usage, model: str, *, prompt_above: int) -> Decimal | None:
    """Dollars of several calls, exactly; None when the model has no known price.

    Each prompt was larger than `prompt_above` and not larger than the next of `thresholds`: the size of each
    prompt may decide its price.
    """
    fitting = [price for price in PRICES.get(model, ()) if price.above <= prompt_above]
    if not fitting:
        return None
    price = fitting[-1]
    return (
        usage.input_tokens * price.input
        + usage.output_tokens * price.output
        + usage.cache_read_tokens * price.cache_read
        + usage.cache_write_tokens * price.cache_write
    ) / _MILLION


def thresholds() -> tuple[int, ...]:
    """Sizes of prompts above which some model has another price, the smallest first."""
    return tuple(sorted({price.above for prices in PRICES.values() for price in prices if price.above}))
