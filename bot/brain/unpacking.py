"""From a bundle of the trusted side to a checkout in a workspace."""

from __future__ import annotations

import shlex
from threading import Event

from bot.forge.declaration import FILE, Declaration, DeclarationWrong, declared
from bot.forge.errors import RepositoryUnavailable
from bot.forge.mirrors import Bundle
from sandbox import errors
from sandbox.port import Finished, Limits, Sandbox, Unknown

BUNDLE = ".oxbow/repository.bundle"


def unpack(
    sandbox: Sandbox,
    reference: str,
    bundle: Bundle,
    *,
    call: str,
    limits: Limits,
    epoch: int,
    cancelled: Event,
) -> None:
    """Check the bundle's commit out, in an empty workspace or over an earlier commit that nobody changed.

    Raises `RepositoryUnavailable` and as the methods of `Sandbox` do.
    """
    sandbox.write(reference, call=f"{call}-write", path=BUNDLE, content=bundle.content, epoch=epoch)
    branch, commit = shlex.quote(bundle.branch), shlex.quote(bundle.commit)
    command = (
        f"git init -q -b {branch} && git fetch -q {BUNDLE} +{branch}:refs/remotes/origin/{branch} "
        f"&& git checkout -q -f -B {branch} {commit} && rm -r .oxbow"
    )
    outcome = sandbox.execute(
        reference, call=call, command=command, limits=limits, epoch=epoch, cancelled=cancelled
    )
    if not (isinstance(outcome, Finished) and outcome.exit_code == 0):
        said = "" if isinstance(outcome, Unknown) else outcome.output.decode(errors="replace")
        raise RepositoryUnavailable(f"the repository could not be unpacked in the workspace: {said}")


def declaration_of(sandbox: Sandbox, reference: str, epoch: int) -> Declaration:
    """What the fresh checkout declares; what is wrong with it is said when a change is checked."""
    try:
        return declared(sandbox.read(reference, path=FILE, epoch=epoch).decode(errors="replace"))
    except (errors.FileProblem, DeclarationWrong):
        return Declaration()
