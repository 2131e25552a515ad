"""Reading that can be given up while nothing arrives."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event
from typing import TypeVar

from bot.model.port import ModelCancelled

T = TypeVar("T")

WATCH = 0.25
"""Seconds between two looks at `cancelled` while nothing arrives; the port promises one second."""


def interruptible(
    source: Callable[[], Iterator[T]], *, cancelled: Event, cut: Callable[[], None]
) -> Generator[T, None, None]:
    """The items of `source()`, which is read in a thread of its own, so that no wait of it holds the caller.

    Raises what `source` raises, and `ModelCancelled` soon after `cancelled` is set, between items at once.
    `cut` must make a blocked read end; it is called when this generator ends, for whatever reason, and the
    thread ends by it. The caller never waits for that.
    """
    items: SimpleQueue[T | None] = SimpleQueue()
    reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model-stream")
    try:
        _refuse(cancelled)
        reading = reader.submit(_read, source, items)
        reading.add_done_callback(lambda _: items.put(None))
        while True:
            try:
                item = items.get(timeout=WATCH)
            except Empty:
                item = None
            _refuse(cancelled)
            if item is not None:
                yield item
            elif reading.done() and items.empty():
                reading.result()
                return
    finally:
        cut()
        reader.shutdown(wait=False)


def _read(source: Callable[[], Iterator[T]], items: SimpleQueue[T | None]) -> None:
    for item in source():
        items.put(item)


def _refuse(cancelled: Event) -> None:
    if cancelled.is_set():
        raise ModelCancelled("The model call was stopped.")
