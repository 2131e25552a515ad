"""Bringing a change into a draft pull request. Code does all of it; no model takes part.

Each stage records its intent before something outside may change, looks before it acts, and records what came
of it, so that it can be made again from any point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256

from bot.brain.changes.arrival import Arrival
from bot.brain.changes.authority import Authority, Unauthorised
from bot.brain.changes.exporting import Exporting, StopRequested
from bot.brain.changes.publication import (
    FIRST_DELAY,
    LONGEST_DELAY,
    Stage,
    branch_name,
    commit_message,
    description,
    failed,
    push_call,
    requester,
    title_of,
)
from bot.brain.claimed import Claimed
from bot.forge.declaration import FILE, DeclarationWrong, declared
from bot.forge.errors import BranchMoved, ChangeRefused, ForgeRefused, ForgeUnavailable, RepositoryUnavailable
from bot.forge.forges import Forges
from bot.forge.port import Proposal
from bot.forge.quarantine import Authorship, quarantine
from bot.forge.repository import Repository
from memory.log.change_events import (
    BranchPushed,
    ChangeAuthorised,
    ChangeChecked,
    ChangeExported,
    ChangeWithheld,
    ForgeAwaited,
    PullRequestOpened,
    PullRequestStarted,
    PushStarted,
    Withholding,
)
from memory.log.events import SandboxLost
from memory.secrets.mask import SecretMask
from memory.workspaces.pull_requests import PullRequests
from sandbox import errors

AUTHOR = ("Oxbow", "oxbow@slack.invalid")
"""Of every commit; the people who steered are its co-authors."""

FILES_NAMED = 50
"""Of a change in its event; the pull request shows all."""


class Publishing:
    """The stages of `bot.brain.changes.publication`, performed."""

    def __init__(
        self,
        exporting: Exporting | None,
        forges: Forges,
        authority: Authority,
        pull_requests: PullRequests,
        allowed: Sequence[Repository],
        secrets: SecretMask,
    ) -> None:
        """`exporting` is None where no sandbox is: then no session has anything to publish."""
        self._exporting = exporting
        self._forges = forges
        self._authority = authority
        self._pull_requests = pull_requests
        self._allowed = tuple(allowed)
        self._secrets = secrets

    def advance(self, claimed: Claimed, stage: Stage, permalink: str) -> None:
        """Make one stage and record what came of it; a forge that is away is waited for."""
        with _told(claimed):
            match stage:
                case "check":
                    self._check(claimed)
                case "export":
                    self._export(claimed, permalink)
                case "authorise":
                    self._authorise(claimed)
                case "deny":
                    _deny(claimed)
                case "push":
                    self._push(claimed)
                case "open":
                    self._open(claimed, permalink)
                case "give_up":
                    _give_up(claimed)

    def _check(self, claimed: Claimed) -> None:
        address = self._address(claimed)
        sandbox = claimed.session.sandbox
        # What was only read may still be at the commit that it was prepared at.
        read_only = sandbox is not None and sandbox.prepared_commit is not None
        if read_only or not self._workspace.changed(claimed, _base(claimed)):
            return _withhold(claimed, "unchanged", "Nothing changed.")
        if not self._forges.writes(address):
            told = "This repository is only read here; the change stays in the workspace."
            return _withhold(claimed, "read_only", told)
        declaration = declared(self._forges.mirrors.file(address, commit=_base(claimed), path=FILE))
        runs = self._workspace.check(claimed, declaration.commands, _base(claimed))
        solved = self._solved_at(claimed, declaration.commands) if all(run.holds for run in runs) else ""
        claimed.append(ChangeChecked(turn=claimed.session.turn, runs=runs, solved_at=solved))
        return None

    def _solved_at(self, claimed: Claimed, commands: Mapping[str, str]) -> str:
        """The commit that the default branch moved on to, if the problem is gone there without the change."""
        address, base, mirrors = self._address(claimed), _base(claimed), self._forges.mirrors
        if mirrors.commit(address) == base:
            return ""
        return self._workspace.solved_at(claimed, commands, base, lambda: mirrors.bundle(address))

    def _export(self, claimed: Claimed, permalink: str) -> None:
        left = self._workspace.pack(claimed, _base(claimed))
        if left is None:
            return _withhold(claimed, "unchanged", "Nothing changed.")
        found, pack = left
        address = self._address(claimed)
        with (
            self._forges.mirrors.refreshed(address) as mirror,
            quarantine(pack, commit=found.commit, base=_base(claimed), mirror=mirror.folder) as opened,
        ):
            change = opened.inspected()
            title = self._secrets.text(title_of(claimed.session, found.subject))
            branch = _branch(claimed, title)
            arrival = Arrival(quarantine=opened, mirror=mirror, branch=branch, before=claimed.session.change)
            objection = arrival.objection(self._secrets)
            if objection is not None:
                return _withhold(claimed, *objection)
            message = self._secrets.text(commit_message(claimed.session, title, permalink))
            by = _authorship(claimed.now.isoformat(timespec="seconds"))
            exported = ChangeExported(
                turn=claimed.session.turn,
                base=change.base,
                base_branch=mirror.default_branch,
                branch=branch,
                parent=arrival.parent,
                commit=opened.commit(parent=arrival.parent, message=message, by=by),
                title=title,
                message=message,
                authored_at=by.at,
                pack=f"change:{sha256(pack).hexdigest()[:32]}",
                packed_commit=found.commit,
                files=change.files[:FILES_NAMED],
                insertions=change.insertions,
                deletions=change.deletions,
                premise=arrival.premise,
            )
            twins = arrival.twins()
        forge = self._forges.of(address)
        for pull in (forge.find(address, twin) for twin in twins):
            if pull is not None and pull.state == "open":
                told = f"Pull request #{pull.number} holds the same change: {pull.address}"
                return _withhold(claimed, "obsolete", told)
        claimed.keep_output(exported.pack, pack)
        claimed.append(exported)
        return None

    def _authorise(self, claimed: Claimed) -> None:
        """Nothing is pushed that who asked for it could not push: the forge is asked about them now."""
        by, name = requester(claimed.session)
        word = self._authority.of(self._repository(claimed), by, name)
        if isinstance(word, Unauthorised):
            return _withhold(claimed, "unauthorised", word.why)
        claimed.append(
            ChangeAuthorised(
                turn=claimed.session.turn,
                commit=_exported(claimed).commit,
                by=by,
                by_name=name,
                how=word.how,
                account=word.account,
            )
        )
        return None

    def _push(self, claimed: Claimed) -> None:
        """The same commit again, from what was kept; where the branch is at it already, that is all."""
        exported, change = _exported(claimed), claimed.session.change
        address = self._address(claimed)
        forge = self._forges.of(address)
        done = BranchPushed(turn=exported.turn, branch=exported.branch, commit=exported.commit)
        head = forge.head(address, exported.branch)
        if head == exported.commit:
            claimed.append(done)
            return
        if head is not None and head not in change.commits:
            raise BranchMoved
        started = PushStarted(
            turn=exported.turn, branch=exported.branch, commit=exported.commit, expected=head
        )
        claimed.append(started)
        pack = claimed.kept_output(exported.pack)
        with (
            self._forges.mirrors.refreshed(address) as mirror,
            quarantine(
                pack, commit=exported.packed_commit, base=exported.base, mirror=mirror.folder
            ) as opened,
        ):
            by = _authorship(exported.authored_at)
            commit = opened.commit(parent=exported.parent, message=exported.message, by=by)
            # Nothing on the forge's side can tell a worker whose lease is over from the one that holds it.
            claimed.require_lease()
            with claimed.effect("push"):
                forge.push(
                    address, source=opened.folder, commit=commit, branch=exported.branch, expected=head
                )
        claimed.append(done)

    def _open(self, claimed: Claimed, permalink: str) -> None:
        """Look before it is made: a draft that is there is the session's own."""
        exported = _exported(claimed)
        address = self._address(claimed)
        forge = self._forges.of(address)
        found = forge.find(address, exported.branch)
        if found is None or found.state != "open":
            claimed.append(PullRequestStarted(turn=exported.turn, branch=exported.branch))
            body = self._secrets.text(description(claimed.session, exported, permalink))
            proposal = Proposal(
                branch=exported.branch, base=exported.base_branch, title=exported.title, body=body
            )
            claimed.require_lease()
            with claimed.effect("pull_request"):
                found = forge.open(address, proposal)
        claimed.append(
            PullRequestOpened(
                turn=exported.turn,
                number=found.number,
                address=found.address,
                branch=found.branch,
                base=found.base,
                head=exported.commit,
                title=found.title,
            ),
            within=partial(
                self._pull_requests.add, repository=address, number=found.number, thread=claimed.address
            ),
        )

    @property
    def _workspace(self) -> Exporting:
        if self._exporting is None:
            raise AssertionError("a stage is decided for a session with a workspace")
        return self._exporting

    def _address(self, claimed: Claimed) -> str:
        return self._repository(claimed).address

    def _repository(self, claimed: Claimed) -> Repository:
        attached = claimed.session.sandbox
        name = attached.repository if attached else None
        found = next((it for it in self._allowed if it.name == name), None)
        if found is None:
            raise ForgeRefused(f"the repository {name} is no longer among those of this installation")
        return found


@contextmanager
def _told(claimed: Claimed) -> Iterator[None]:
    """What goes wrong becomes an event: the next attempt, or the reason why there is no pull request."""
    try:
        yield
    except StopRequested:
        claimed.catch_up()
    except errors.SandboxLost:
        # The model is told, and goes on in a new one.
        attached = claimed.session.sandbox
        claimed.append(SandboxLost(reference=attached.reference if attached else ""))
    except (ForgeUnavailable, RepositoryUnavailable, errors.SandboxUnreachable) as error:
        asked = error.delay if isinstance(error, ForgeUnavailable) else None
        claimed.append(ForgeAwaited(detail=str(error), delay=_delay(claimed, asked)))
    except ChangeRefused as refusal:
        _withhold(claimed, "unsafe", f"The change does not leave the workspace: {refusal}.")
    except BranchMoved:
        branch = _exported(claimed).branch
        _withhold(claimed, "taken_over", f"Somebody else committed to `{branch}`; I leave it alone.")
    except (ForgeRefused, DeclarationWrong) as refusal:
        _withhold(claimed, "refused", f"{refusal}.")


def _delay(claimed: Claimed, asked: float | None) -> float:
    ours: float = min(FIRST_DELAY * 2**claimed.session.change.awaited_times, LONGEST_DELAY)
    return max(ours, asked or 0.0)


def _give_up(claimed: Claimed) -> None:
    """Either declared checks fail whatever the model does, or the forge stays away."""
    change = claimed.session.change
    runs = failed(change.checked) if change.checked else ()
    if runs:
        names = ", ".join(f"`{run.command}`" for run in runs)
        return _withhold(claimed, "checks", f"The repository's own checks still fail: {names}.")
    detail = change.awaited.detail if change.awaited else ""
    return _withhold(claimed, "refused", f"It stayed out of reach: {detail}. Say *go on* to try again.")


def _deny(claimed: Claimed) -> None:
    """The channel's policy forbids it, or somebody who may decide did."""
    approval = claimed.session.approval(push_call(claimed.session).call)
    given = approval.given if approval else None
    told = f"{given.by_name} did not approve it." if given else "This channel allows none."
    _withhold(claimed, "denied", f"{told} The change stays in the workspace.")


def _withhold(claimed: Claimed, reason: Withholding, detail: str) -> None:
    claimed.append(ChangeWithheld(turn=claimed.session.turn, reason=reason, detail=detail))


def _branch(claimed: Claimed, title: str) -> str:
    """The branch of the pull request that is open or being made, else a new one."""
    change = claimed.session.change
    if change.branch is not None and not change.finished:
        return change.branch
    return branch_name(claimed.id, title, change.pull_requests + 1)


def _authorship(at: str) -> Authorship:
    name, email = AUTHOR
    return Authorship(name=name, email=email, at=at)


def _base(claimed: Claimed) -> str:
    attached = claimed.session.sandbox
    if attached is None or attached.base_commit is None:
        raise AssertionError("a stage is decided for a workspace that was made from a repository")
    return attached.base_commit


def _exported(claimed: Claimed) -> ChangeExported:
    exported = claimed.session.change.exported
    if exported is None:
        raise AssertionError("this stage is decided after the export")
    return exported
