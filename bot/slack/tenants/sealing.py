"""Encrypting what Slack gave, so that whoever reads the database has no token."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Unsealable(Exception):
    """None of the keys opens it: it was changed, or sealed under a key that is no longer given."""


class Sealing:
    """Seals with the first key and opens with any, so that a new one is put before an old one."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` are Fernet keys (32 bytes in base64), at least one. Raises ValueError."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, content: bytes) -> bytes:
        """The content, encrypted and signed."""
        return self._fernet.encrypt(content)

    def resealed(self, sealed: bytes) -> bytes:
        """The same under the first key. Raises `Unsealable`."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken as error:
            raise Unsealable(Unsealable.__doc__) from error

    def open(self, sealed: bytes, *, ttl: int | None = None) -> bytes:
        """What was sealed, in the last `ttl` seconds if that is given. Raises `Unsealable`."""
        try:
            return self._fernet.decrypt(sealed, ttl=ttl)
        except InvalidToken as error:
            raise Unsealable(Unsealable.__doc__) from error
