"""What went over the wire, for tests and for the bench to read."""

from __future__ import annotations

from dataclasses import dataclass

from bot.workspace.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A Web API call of the app and its answer."""

    method: str
    arguments: Json
    """Without the token."""
    at: float
    """Seconds of the monotonic clock at which it arrived."""
    answer: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt to bring something to the app."""

    key: str
    """The `event_id` of an event, the trigger of an interaction."""
    type: str
    """Type of the event, `slash_commands` or `interactive`."""
    envelope: str
    attempt: int
    """0 for the first."""
    reason: str
    """Why it is a retry; empty for the first."""
    at: float
    """Seconds of the monotonic clock when it was sent."""
    payload: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The app has taken a delivery."""

    delivery: Delivery
    at: float
    """Seconds of the monotonic clock."""

    @property
    def latency(self) -> float:
        """Seconds from the sending to the acknowledgement."""
        return self.at - self.delivery.at


class Journal:
    """Calls, deliveries and acknowledgements, in order; appended under the world's lock."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.acknowledgements: list[Acknowledgement] = []
        self.dropped: list[str] = []
        """Keys of the events that were given up."""
