"""What the model calls of a channel used up in the current month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, text

from memory.database import transaction
from memory.log.usage import Usage

OF_MONTH = text("""
    -- Tokens by model since the beginning of the month in UTC, all calls of models. They are kept
    -- apart by the largest threshold their prompt is above: the size of a prompt may decide its price.
    SELECT
        fields_of(payload) ->> 'model' AS model,
        coalesce((SELECT max(size) FROM unnest(CAST(:thresholds AS bigint[])) AS size
                  WHERE size < input_tokens + cache_read_tokens + cache_write_tokens), 0) AS prompt_above,
        CAST(sum(input_tokens) AS bigint) AS input_tokens,
        CAST(sum(output_tokens) AS bigint) AS output_tokens,
        CAST(sum(cache_read_tokens) AS bigint) AS cache_read_tokens,
        CAST(sum(cache_write_tokens) AS bigint) AS cache_write_tokens
    FROM sessions
    JOIN events ON session_id = sessions.id
        AND type IN
            ('model_responded', 'context_compacted', 'solution_distilled', 'repository_classified'),
        json_to_record(fields_of(payload) -> 'usage') AS used (
            input_tokens bigint, output_tokens bigint, cache_read_tokens bigint, cache_write_tokens bigint
        )
    WHERE team = :team AND channel = :channel
      AND updated_at >= date_trunc('month', statement_timestamp(), 'UTC')
      AND recorded_at >= date_trunc('month', statement_timestamp(), 'UTC')
    GROUP BY 1, 2
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Calls of one model with prompts of a similar size, together."""

    model: str
    prompt_above: int
    """Every prompt was larger than this, and not larger than the next threshold."""
    usage: Usage


class Spending:
    """Counts what channels use up."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_month(self, team: str, channel: str, *, thresholds: Sequence[int]) -> list[Spent]:
        """The channel's calls of this month. `thresholds` are prompt sizes that decide prices."""
        wanted = {"team": team, "channel": channel, "thresholds": list(thresholds)}
        with transaction(self._engine) as connection:
            rows = connection.execute(OF_MONTH, wanted).mappings()
            return [
                Spent(
                    model=row["model"],
                    prompt_above=row["prompt_above"],
                    usage=Usage(
                        input_tokens=row["input_tokens"],
                        output_tokens=row["output_tokens"],
                        cache_read_tokens=row["cache_read_tokens"],
                        cache_write_tokens=row["cache_write_tokens"],
                    ),
                )
                for row in rows
            ]
