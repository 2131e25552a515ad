"""The way from the workspace to the app: attempts, retries, and what is given up.

An event is tried at once and again after each of the rules' delays until the app takes it; a late answer to
an earlier attempt counts. Commands, buttons and views are tried once: the person is waiting.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from bot.workspace.delivery import Carrier, DeliveryRules, Parcel, Undelivered, pause
from bot.workspace.errors import NotDelivered
from bot.workspace.events import Event
from bot.workspace.journal import Acknowledgement, Delivery, Journal
from bot.workspace.wire import Json

T = TypeVar("T")

_UNANSWERED = {"timeout": "operation_timeout", "connection_failed": "dispatch_failed"}
"""What a person is told when a command or a button fails."""


class Outbox:
    """Carries events and interactions to the app; its tasks live in the server's event loop."""

    def __init__(
        self, *, carrier: Carrier, rules: DeliveryRules, journal: Journal, changed: threading.Condition
    ) -> None:
        self.carrier = carrier
        self._rules = rules
        self._changed = changed
        self._journal = journal
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._taken: set[str] = set()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def send(self, event: Event) -> None:
        """Deliver the event, from any thread; events of one thread are first tried in their order."""
        self._running().call_soon_threadsafe(self._begin, event)

    def send_again(self, event: Event, *, envelope: str, attempt: int) -> None:
        """Deliver an event once more, whatever became of it. Raises Undelivered."""
        reason = "timeout" if attempt else ""
        parcel = Parcel(
            envelope=envelope, kind="events_api", payload=event.payload, attempt=attempt, reason=reason
        )
        self.run(self._attempt(event.id, event.type, parcel)).result()

    def interact(
        self, key: str, kind: str, payload: Json, answered: Callable[[Json | None], None]
    ) -> Json | None:
        """Bring a command or an interaction to the app and return what it answered, from another thread.

        `answered` is called first, in the event loop: before anything that the app says later is taken in.
        Raises NotDelivered.
        """
        return self.run(self._interact(key, _parcel(kind, payload), answered)).result()

    def run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run the work in the server's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    async def close(self) -> None:
        """Give up whatever is on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the local workspace is not started; call start() first")
        return self._loop

    def _begin(self, event: Event) -> None:
        task = asyncio.ensure_future(self._deliver(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, event: Event) -> None:
        reason = ""
        for attempt, delay in enumerate((0.0, *self._rules.retry_delays)):
            await pause(delay)
            if event.id in self._taken:
                return
            parcel = _parcel("events_api", event.payload, attempt, reason)
            try:
                await self._attempt(event.id, event.type, parcel)
            except Undelivered as failure:
                reason = failure.reason
                if reason == "no_retry":
                    break
            else:
                return
        self._drop(event)

    async def _interact(
        self, key: str, parcel: Parcel, answered: Callable[[Json | None], None]
    ) -> Json | None:
        try:
            answer = await self._attempt(key, parcel.kind, parcel)
        except Undelivered as failure:
            raise NotDelivered(_UNANSWERED.get(failure.reason, failure.reason)) from None
        answered(answer)
        return answer

    async def _attempt(self, key: str, kind: str, parcel: Parcel) -> Json | None:
        delivery = Delivery(
            key=key,
            type=kind,
            envelope=parcel.envelope,
            attempt=parcel.attempt,
            reason=parcel.reason,
            at=time.monotonic(),
            payload=parcel.payload,
        )
        with self._changed:
            self._journal.deliveries.append(delivery)
            self._changed.notify_all()
        return await self.carrier.bring(parcel, self._rules.answer_seconds, lambda: self._take(delivery))

    def _take(self, delivery: Delivery) -> None:
        self._taken.add(delivery.key)
        with self._changed:
            self._journal.acknowledgements.append(Acknowledgement(delivery=delivery, at=time.monotonic()))
            self._changed.notify_all()

    def _drop(self, event: Event) -> None:
        with self._changed:
            self._journal.dropped.append(event.id)
            self._changed.notify_all()


def _parcel(kind: str, payload: Json, attempt: int = 0, reason: str = "") -> Parcel:
    return Parcel(envelope=str(uuid.uuid4()), kind=kind, payload=payload, attempt=attempt, reason=reason)
