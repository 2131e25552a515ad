"""What calls cost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.model.capabilities import CAPABILITIES
from bot.model.prices import PRICES, cost, cost_together, thresholds
from memory.log.usage import Usage

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(input_tokens=MILLION), "4"),
        (Usage(output_tokens=MILLION), "20"),
        (Usage(cache_read_tokens=MILLION), "0.20"),
        (Usage(cache_write_tokens=MILLION), "5"),
        (Usage(input_tokens=1, output_tokens=1, cache_read_tokens=1, cache_write_tokens=1), "0.0000292"),
        (Usage(), "0"),
    ],
)
def test_each_kind_of_token_has_its_rate(usage: Usage, dollars: str) -> None:
    assert cost(usage, "claude-opus-5-5") == Decimal(dollars)


def test_a_large_prompt_may_cost_more_per_token() -> None:
    small = Usage(input_tokens=50_000, cache_read_tokens=50_000, output_tokens=1000)
    large = Usage(input_tokens=50_000, cache_read_tokens=50_001, output_tokens=1000)
    assert cost(small, "claude-haiku-5-5") == Decimal("0.006")
    assert cost(large, "claude-haiku-5-5") == Decimal("0.03000005")


def test_calls_with_prompts_of_a_similar_size_cost_together_what_they_cost_alone() -> None:
    calls = [Usage(input_tokens=100_001 + extra, output_tokens=9) for extra in range(3)]
    together = Usage(input_tokens=300_006, output_tokens=27)
    alone = [cost(usage, "claude-haiku-5-5") or Decimal() for usage in calls]
    assert cost_together(together, "claude-haiku-5-5", prompt_above=100_000) == sum(alone)
    assert thresholds() == (100_000,)


def test_an_unknown_price_is_not_guessed() -> None:
    assert cost(Usage(input_tokens=5), "some-gateway-model") is None


def test_every_listed_model_has_a_price() -> None:
    assert set(PRICES) == set(CAPABILITIES)
