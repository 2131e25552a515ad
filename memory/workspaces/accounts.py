"""Whose account on a forge is whose. Of an account only its number and its name are kept, never a token."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from memory.database import transaction

OF = text("""
    -- The account of a person.
    SELECT number, login FROM accounts WHERE team = :team AND person = :person AND server = :server
""")

LINK = text("""
    -- The latest word of a person counts; an account of somebody else is refused by a constraint.
    INSERT INTO accounts (team, person, server, number, login)
    VALUES (:team, :person, :server, :number, :login)
    ON CONFLICT (team, person, server) DO UPDATE SET
        number = excluded.number, login = excluded.login, linked_at = excluded.linked_at
""")

UNLINK = text("DELETE FROM accounts WHERE team = :team AND person = :person AND server = :server")

BEGIN = text("""
    -- One attempt of a person at a time: a new one ends the one before.
    INSERT INTO link_attempts (team, person, server, code, ends_at)
    VALUES (:team, :person, :server, :code, clock_timestamp() + make_interval(secs => :seconds))
    ON CONFLICT (team, person, server) DO UPDATE SET code = excluded.code, ends_at = excluded.ends_at
""")

ATTEMPT = text("""
    -- What the person has begun, as long as it is open.
    SELECT code FROM link_attempts
    WHERE team = :team AND person = :person AND server = :server AND ends_at > clock_timestamp()
""")

END = text("DELETE FROM link_attempts WHERE team = :team AND person = :person AND server = :server")


class AccountTaken(Exception):
    """The account is linked with somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account on a forge."""

    number: int
    """Names may change hands; this does not."""
    login: str


class Accounts:
    """The linked accounts of one workspace on one server. Every method may raise DatabaseLost."""

    def __init__(self, engine: Engine, *, team: str, server: str) -> None:
        self._engine = engine
        self._place = {"team": team, "server": server}

    def of(self, person: str) -> Account | None:
        """The account of a Slack user, if one is linked."""
        with transaction(self._engine) as connection:
            row = connection.execute(OF, {**self._place, "person": person}).one_or_none()
        return None if row is None else Account(number=row.number, login=row.login)

    def begin(self, person: str, code: str, *, seconds: float) -> None:
        """The person begins to link an account; `code` asks the forge about it for so long."""
        given = {**self._place, "person": person, "code": code, "seconds": seconds}
        with transaction(self._engine) as connection:
            connection.execute(BEGIN, given)

    def attempt(self, person: str) -> str | None:
        """The code of what this person, and nobody else, has begun."""
        with transaction(self._engine) as connection:
            return connection.execute(ATTEMPT, {**self._place, "person": person}).scalar_one_or_none()

    def link(self, person: str, account: Account) -> None:
        """The account is the person's from now on, and the attempt is over. Raises `AccountTaken`."""
        given = {**self._place, "person": person}
        with transaction(self._engine) as connection:
            connection.execute(END, given)
        try:
            with transaction(self._engine) as connection:
                connection.execute(LINK, {**given, "number": account.number, "login": account.login})
        except IntegrityError as error:
            raise AccountTaken(account.login) from error

    def unlink(self, person: str) -> bool:
        """The account is nobody's any more; False when none was linked."""
        given = {**self._place, "person": person}
        with transaction(self._engine) as connection:
            connection.execute(END, given)
            return connection.execute(UNLINK, given).rowcount > 0
