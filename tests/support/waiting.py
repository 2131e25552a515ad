"""Waiting for what can be observed, instead of sleeping for what is hoped."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(predicate: Callable[[], T], *, within: float = 20.0, every: float = 0.01) -> T:
    """The first true value of `predicate`; fails when there is none after `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {getattr(predicate, '__qualname__', predicate)}")
        time.sleep(every)
    return value
