"""What every forge must do, in executable form. An adapter's test subclasses it and gives a `place`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from bot.forge.errors import BranchMoved, ForgeRefused
from bot.forge.plumbing import git
from bot.forge.port import Check, Forge, Proposal, PullRequest, Review
from tests.forge.origins import commit

BRANCH = "oxbow/fix-0a1b2c3d"


class Place(ABC):
    """A repository on a forge, as people and services handle it, and a clone with work in it."""

    forge: Forge
    address: str
    bare: Path
    clone: Path
    """A work tree on the default branch `trunk`, with one commit."""

    @abstractmethod
    def check(self, head: str, name: str, conclusion: str, summary: str) -> None:
        """A check of the commit ended so, or is pending."""

    @abstractmethod
    def review(self, number: int, *, author: str, verdict: str, text: str) -> None:
        """Somebody reviews."""

    @abstractmethod
    def merge(self, pull: PullRequest) -> None:
        """Somebody merges."""

    @abstractmethod
    def close(self, pull: PullRequest) -> None:
        """Somebody closes it unmerged."""

    @abstractmethod
    def comments(self, number: int) -> list[str]:
        """What was said about it."""

    def work(self, content: str) -> str:
        """One more commit in the clone."""
        return commit(self.clone, content)

    def push(self, head: str, expected: str | None = None, branch: str = BRANCH) -> None:
        self.forge.push(self.address, source=self.clone, commit=head, branch=branch, expected=expected)

    def open(self, branch: str = BRANCH) -> PullRequest:
        proposal = Proposal(branch=branch, base="trunk", title="Fix it", body="It was broken.\n\nNow not.")
        return self.forge.open(self.address, proposal)

    def proposed(self) -> PullRequest:
        """A pull request on one commit."""
        self.push(self.work("second"))
        return self.open()

    def commit_of_somebody(self, branch: str) -> str:
        """Somebody pushes a commit of their own to the branch."""
        git("fetch", "--quiet", str(self.bare), branch, cwd=self.clone)
        git("checkout", "--quiet", "--detach", "FETCH_HEAD", cwd=self.clone)
        made = commit(self.clone, "by hand", "another")
        git("push", "--quiet", str(self.bare), f"HEAD:refs/heads/{branch}", cwd=self.clone)
        return made


class ForgeContract(ABC):
    @pytest.fixture
    @abstractmethod
    def place(self, tmp_path: Path) -> Place: ...

    # Branches

    def test_a_new_branch_is_at_the_pushed_commit(self, place: Place) -> None:
        assert place.forge.head(place.address, BRANCH) is None
        pushed = place.work("second")
        place.push(pushed)
        assert place.forge.head(place.address, BRANCH) == pushed

    def test_a_branch_moves_on_from_where_it_was_expected(self, place: Place) -> None:
        first = place.work("second")
        place.push(first)
        second = place.work("third")
        place.push(second, expected=first)
        assert place.forge.head(place.address, BRANCH) == second

    def test_a_branch_that_exists_is_not_made_again(self, place: Place) -> None:
        first = place.work("second")
        place.push(first)
        with pytest.raises(BranchMoved):
            place.push(place.work("third"))
        assert place.forge.head(place.address, BRANCH) == first

    def test_a_commit_of_somebody_is_never_pushed_over(self, place: Place) -> None:
        first = place.work("second")
        place.push(first)
        theirs = place.commit_of_somebody(BRANCH)
        git("checkout", "--quiet", "--detach", first, cwd=place.clone)
        with pytest.raises(BranchMoved):
            place.push(place.work("third"), expected=first)
        assert place.forge.head(place.address, BRANCH) == theirs

    def test_a_commit_is_never_taken_out_of_a_branch(self, place: Place) -> None:
        base = git("rev-parse", "HEAD", cwd=place.clone).strip()
        first = place.work("second")
        place.push(first)
        with pytest.raises(BranchMoved):
            place.push(base, expected=first)
        assert place.forge.head(place.address, BRANCH) == first

    @pytest.mark.parametrize("branch", ["trunk", "main", "fix", "oxbow/../trunk", "oxbow/", "oxbow/A B"])
    def test_only_branches_of_its_own_are_pushed_to(self, place: Place, branch: str) -> None:
        before = git("for-each-ref", cwd=place.bare)
        with pytest.raises(ForgeRefused):
            place.push(place.work("second"), branch=branch)
        assert git("for-each-ref", cwd=place.bare) == before

    def test_the_default_branch_is_never_pushed_to_whatever_its_name(self, place: Place) -> None:
        first = place.work("second")
        place.push(first)
        git("symbolic-ref", "HEAD", f"refs/heads/{BRANCH}", cwd=place.bare)
        with pytest.raises(ForgeRefused, match="default branch"):
            place.push(place.work("third"), expected=first)

    # Pull requests

    def test_a_pull_request_is_a_draft_from_the_branch_to_the_base(self, place: Place) -> None:
        pushed = place.work("second")
        place.push(pushed)
        opened = place.open()
        assert (opened.number, opened.state, opened.draft, opened.head) == (1, "open", True, pushed)
        assert (opened.branch, opened.base, opened.title) == (BRANCH, "trunk", "Fix it")
        assert opened.address.endswith("1")

    def test_without_the_branch_there_is_no_pull_request(self, place: Place) -> None:
        with pytest.raises(ForgeRefused):
            place.open()
        assert place.forge.find(place.address, BRANCH) is None

    def test_it_is_found_by_its_branch(self, place: Place) -> None:
        opened = place.proposed()
        assert place.forge.find(place.address, BRANCH) == opened
        assert place.forge.find(place.address, "oxbow/other") is None

    def test_opened_twice_it_is_the_same(self, place: Place) -> None:
        assert place.proposed() == place.open()

    def test_two_branches_have_two_pull_requests(self, place: Place) -> None:
        first = place.proposed()
        place.push(place.work("third"), branch="oxbow/other")
        assert place.open("oxbow/other").number == first.number + 1

    def test_its_head_moves_with_its_branch(self, place: Place) -> None:
        opened = place.proposed()
        pushed = place.work("third")
        place.push(pushed, expected=opened.head)
        assert place.forge.look(place.address, opened.number).pull_request.head == pushed

    def test_one_that_is_not_there_is_refused(self, place: Place) -> None:
        with pytest.raises(ForgeRefused):
            place.forge.look(place.address, 7)

    # What becomes of it

    def test_checks_are_those_of_the_head(self, place: Place) -> None:
        opened = place.proposed()
        place.check(opened.head, "tests", "failed", "2 failed")
        place.check(opened.head, "lint", "passed", "")
        standing = place.forge.look(place.address, opened.number)
        assert sorted(standing.checks, key=lambda check: check.name) == [
            Check(name="lint", conclusion="passed", summary=""),
            Check(name="tests", conclusion="failed", summary="2 failed"),
        ]
        assert standing.conclusion == "failed"
        place.push(place.work("third"), expected=opened.head)
        assert place.forge.look(place.address, opened.number).conclusion is None

    @pytest.mark.parametrize(
        ("ended", "conclusion"),
        [(("passed", "passed"), "passed"), (("passed", "pending"), "pending")],
    )
    def test_the_checks_pass_when_all_have(
        self, place: Place, ended: tuple[str, str], conclusion: str
    ) -> None:
        opened = place.proposed()
        for number, end in enumerate(ended):
            place.check(opened.head, f"check-{number}", end, "")
        assert place.forge.look(place.address, opened.number).conclusion == conclusion

    def test_reviews_are_told_in_order(self, place: Place) -> None:
        opened = place.proposed()
        place.review(opened.number, author="bruno", verdict="changes_requested", text="Keep the order.")
        place.review(opened.number, author="ada", verdict="approved", text="Good.")
        told = place.forge.look(place.address, opened.number).reviews
        assert [(it.author, it.verdict, it.text) for it in told] == [
            ("bruno", "changes_requested", "Keep the order."),
            ("ada", "approved", "Good."),
        ]
        assert all(isinstance(it, Review) for it in told)

    def test_a_merge_is_seen(self, place: Place) -> None:
        opened = place.proposed()
        place.merge(opened)
        assert place.forge.look(place.address, opened.number).pull_request.state == "merged"

    def test_a_revert_is_seen(self, place: Place) -> None:
        opened = place.proposed()
        place.merge(opened)
        git("checkout", "--quiet", "-B", "trunk", opened.head, cwd=place.clone)
        commit(place.clone, f'Revert "Fix it"\n\nThis reverts commit {opened.head}.\n', "reverted")
        git(
            "-c", "user.name=Ada", "-c", "user.email=a@example.org", "commit", "--quiet", "--amend",
            "--message", f'Revert "Fix it"\n\nThis reverts commit {opened.head}.', cwd=place.clone,
        )  # fmt: skip
        git("push", "--quiet", str(place.bare), "HEAD:refs/heads/trunk", cwd=place.clone)
        assert place.forge.look(place.address, opened.number).pull_request.state == "reverted"

    def test_one_that_is_closed_is_told_from_one_that_is_merged(self, place: Place) -> None:
        opened = place.proposed()
        place.close(opened)
        assert place.forge.look(place.address, opened.number).pull_request.state == "closed"

    def test_after_a_closed_one_another_may_be_opened_from_the_branch(self, place: Place) -> None:
        opened = place.proposed()
        place.close(opened)
        again = place.open()
        assert (again.number, again.state) == (opened.number + 1, "open")
        assert place.forge.find(place.address, BRANCH) == again

    def test_a_comment_is_made_once_for_each_key(self, place: Place) -> None:
        number = place.proposed().number
        for key, text in (("a", "One."), ("a", "One."), ("b", "Two.")):
            place.forge.comment(place.address, number, key=key, text=text)
        assert sorted(said.split("\n")[0] for said in place.comments(number)) == ["One.", "Two."]
