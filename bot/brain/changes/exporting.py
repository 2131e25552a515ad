"""The sandbox's half of a change's way: declared checks run there, and the change leaves it as a pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from bot.brain.changes.at_base import HEAD, base_run, head_run, new_failures
from bot.brain.claimed import Claimed
from bot.forge.errors import ChangeRefused
from bot.forge.leaving import Packed, packed, packing
from bot.forge.mirrors import Bundle
from bot.forge.quarantine import PACK_BYTES
from memory.log.change_events import CheckRun
from memory.log.session import Session
from memory.secrets.mask import SecretMask
from sandbox import errors
from sandbox.port import Cancelled, Finished, Limits, Outcome, Sandbox, Unknown

OUTPUT_CHARACTERS = 8_000
"""Kept of a check's output, its end: what shows an error."""


class StopRequested(Exception):
    """People said stop while a command ran: the stop is obeyed first."""


class Exporting:
    """Commands in the workspace of a session, each once for each answer of the model."""

    def __init__(self, sandbox: Sandbox, limits: Limits, secrets: SecretMask) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._secrets = secrets

    def check(self, claimed: Claimed, commands: Mapping[str, str], base: str) -> tuple[CheckRun, ...]:
        """Run the commands in order, up to the first that fails and does not fail at `base` as well.

        Raises `StopRequested`, `SandboxError`.
        """
        return tuple(self._checked(claimed, commands, base))

    def _checked(self, claimed: Claimed, commands: Mapping[str, str], base: str) -> Iterator[CheckRun]:
        for name, command in commands.items():
            outcome = self._execute(claimed, f"check:{name}", command)
            run = self._run_of(name, command, outcome)
            if run.exit_code:
                run = replace(run, red_at_base=self._red_at_base(claimed, commands, name, base, outcome))
            yield run
            if not run.holds:
                return

    def solved_at(
        self, claimed: Claimed, commands: Mapping[str, str], base: str, newer: Callable[[], Bundle]
    ) -> str:
        """The commit of `newer` at which the declared test passes without the change, though it failed at
        `base`; empty when that is not so. Raises as `check`."""
        at_base = self._at_base(claimed, commands, "test", base) if "test" in commands else None
        if not (isinstance(at_base, Finished) and at_base.exit_code):
            return ""
        bundle, session = newer(), claimed.session
        self._sandbox.write(
            _reference(session),
            call=f"head:{session.turn}.{session.turn_requests}",
            path=HEAD,
            content=bundle.content,
            epoch=claimed.lease.epoch,
        )
        before, again = _before(commands, "test"), commands.get("setup")
        command = head_run(bundle.branch, bundle.commit, before, commands["test"], again=again)
        there = self._execute(claimed, "check:test:head", command)
        return bundle.commit if isinstance(there, Finished) and there.exit_code == 0 else ""

    def _at_base(self, claimed: Claimed, commands: Mapping[str, str], name: str, base: str) -> Outcome:
        again = commands.get("setup")
        command = base_run(base, _before(commands, name), commands[name], again=again)
        return self._execute(claimed, f"check:{name}:base", command)

    def _red_at_base(
        self, claimed: Claimed, commands: Mapping[str, str], name: str, base: str, outcome: Outcome
    ) -> bool:
        """Whether the command fails on the base's files too, and nothing fails that does not fail there."""
        there = self._at_base(claimed, commands, name, base)
        if not (isinstance(there, Finished) and there.exit_code) or isinstance(outcome, Unknown):
            return False
        now, then = (it.output.decode(errors="replace") for it in (outcome, there))
        return not new_failures(now, then)

    def _run_of(self, name: str, command: str, outcome: Outcome) -> CheckRun:
        said = outcome.reason if isinstance(outcome, Unknown) else outcome.output.decode(errors="replace")
        return CheckRun(
            name=name,
            command=self._secrets.text(command),
            exit_code=outcome.exit_code if isinstance(outcome, Finished) else None,
            seconds=0.0 if isinstance(outcome, Unknown) else round(outcome.seconds, 3),
            output=self._secrets.text(said)[-OUTPUT_CHARACTERS:],
        )

    def changed(self, claimed: Claimed, base: str) -> bool:
        """Whether anything changed since `base`. Raises as `pack` does."""
        return self._packed(claimed, "look", base) is not None

    def pack(self, claimed: Claimed, base: str) -> tuple[Packed, bytes] | None:
        """Everything that changed since `base`; None when nothing did.

        Raises `ChangeRefused`, `StopRequested` and `SandboxError`.
        """
        found = self._packed(claimed, "export", base)
        if found is None:
            return None
        if found.size > PACK_BYTES:
            raise ChangeRefused(f"it is packed in {found.size} bytes, more than {PACK_BYTES}")
        return found, b"".join(self._read(claimed, part) for part in found.parts)

    def _packed(self, claimed: Claimed, name: str, base: str) -> Packed | None:
        # Packing changes nothing that counts, so a worker that takes over packs for itself.
        outcome = self._execute(claimed, f"{name}:{claimed.lease.epoch}", packing(base))
        if not (isinstance(outcome, Finished) and outcome.exit_code == 0):
            said = "" if isinstance(outcome, Unknown) else outcome.output.decode(errors="replace")[-500:]
            raise ChangeRefused(f"the workspace could not pack it: {self._secrets.text(said)}")
        return packed(outcome.output.decode(errors="replace"))

    def _read(self, claimed: Claimed, path: str) -> bytes:
        try:
            return self._sandbox.read(_reference(claimed.session), path=path, epoch=claimed.lease.epoch)
        except errors.FileProblem as problem:
            raise ChangeRefused(f"it cannot be read: {problem}") from problem

    def _execute(self, claimed: Claimed, name: str, command: str) -> Outcome:
        session = claimed.session
        outcome = self._sandbox.execute(
            _reference(session),
            call=f"{name}:{session.turn}.{session.turn_requests}",
            command=command,
            limits=self._limits,
            epoch=claimed.lease.epoch,
            cancelled=claimed.stop.interrupted,
        )
        if isinstance(outcome, Cancelled):
            raise StopRequested
        return outcome


def _before(commands: Mapping[str, str], name: str) -> list[str]:
    """The commands that run before this one."""
    return [commands[earlier] for earlier in list(commands)[: list(commands).index(name)]]


def _reference(session: Session) -> str:
    if session.sandbox is None:
        raise AssertionError("a stage is decided for a session with a workspace")
    return session.sandbox.reference
