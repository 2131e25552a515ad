"""A key in this process's session keyring, as a login leaves its own."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

_ADD_KEY, KEYCTL = (248, 250) if platform.machine() == "x86_64" else (217, 219)
_SESSION = -3
_REVOKE = 3


@contextmanager
def planted_key(name: str, content: bytes) -> Iterator[int]:
    """The number of the key."""
    libc = ctypes.CDLL(None, use_errno=True)
    key = libc.syscall(_ADD_KEY, b"user", name.encode(), content, len(content), _SESSION)
    if key < 0:
        raise OSError(ctypes.get_errno(), "no key can be made")
    try:
        yield key
    finally:
        libc.syscall(KEYCTL, _REVOKE, key)
