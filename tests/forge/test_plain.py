"""The forge of plain Git."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.forge.errors import ForgeRefused, ForgeUnavailable
from bot.forge.forges import Forges
from bot.forge.plumbing import git, run_git
from bot.forge.port import PullRequest
from tests.contracts.forge_contract import BRANCH, ForgeContract, Place
from tests.forge.origins import bare, initialised


class PlainPlace(Place):
    def __init__(self, folder: Path) -> None:
        self.clone = initialised(folder / "clone")
        self.bare = bare(folder / "cart.git", self.clone)
        self.address = self.bare.as_uri()
        self.forges = Forges(folder / "mirrors")
        self.forge = self.forges.of(self.address)

    def check(self, head: str, name: str, conclusion: str, summary: str) -> None:
        self._keep(f"refs/oxbow/checks/{head}/{name}", {"conclusion": conclusion, "summary": summary})

    def review(self, number: int, *, author: str, verdict: str, text: str) -> None:
        have = git("for-each-ref", f"refs/oxbow/reviews/{number}/", cwd=self.bare).count("\n")
        told = {"author": author, "verdict": verdict, "text": text}
        self._keep(f"refs/oxbow/reviews/{number}/{have}", told)

    def merge(self, pull: PullRequest) -> None:
        git("update-ref", f"refs/heads/{pull.base}", f"refs/heads/{pull.branch}", cwd=self.bare)

    def close(self, pull: PullRequest) -> None:
        self._keep(f"refs/oxbow/closed/{pull.number}", {})

    def comments(self, number: int) -> list[str]:
        refs = git("for-each-ref", "--format=%(refname)", f"refs/oxbow/comments/{number}/", cwd=self.bare)
        return [git("cat-file", "blob", ref, cwd=self.bare) for ref in refs.split()]

    def _keep(self, ref: str, told: dict[str, str]) -> None:
        args, content = ("hash-object", "-w", "--stdin"), json.dumps(told).encode()
        blob = run_git(args, cwd=self.bare, environment={}, content=content).strip()
        git("update-ref", ref, blob, cwd=self.bare)


class TestPlainGit(ForgeContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> PlainPlace:
        return PlainPlace(tmp_path)

    def test_a_branch_that_somebody_removed_closes_its_pull_request(self, place: PlainPlace) -> None:
        opened = place.proposed()
        git("update-ref", "-d", f"refs/heads/{BRANCH}", cwd=place.bare)
        assert place.forge.look(place.address, opened.number).pull_request.state == "closed"

    def test_one_that_was_merged_stays_so_without_its_branch(self, place: PlainPlace) -> None:
        opened = place.proposed()
        place.merge(opened)
        git("update-ref", "-d", f"refs/heads/{BRANCH}", cwd=place.bare)
        assert place.forge.look(place.address, opened.number).pull_request.state == "merged"

    def test_a_page_gets_text_and_diff(self, place: PlainPlace) -> None:
        opened = place.proposed()
        found, body, diff = place.forges.plain.describe(place.address, opened.number)
        assert (found, body) == (opened, "It was broken.\n\nNow not.")
        assert "+second" in diff

    def test_a_description_that_cannot_be_read_is_refused(self, place: PlainPlace) -> None:
        args = ("hash-object", "-w", "--stdin")
        blob = run_git(args, cwd=place.bare, environment={}, content=b"no JSON").strip()
        git("update-ref", "refs/oxbow/pull/1", blob, cwd=place.bare)
        with pytest.raises(ForgeRefused, match="no description that can be read"):
            place.forge.look(place.address, 1)

    def test_no_hook_of_the_repository_runs(self, place: PlainPlace, tmp_path: Path) -> None:
        for hook in ("pre-receive", "update", "post-receive", "reference-transaction", "post-update"):
            script = place.bare / "hooks" / hook
            script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
            script.chmod(0o755)
        place.proposed()
        assert not (tmp_path / "ran").exists()

    def test_a_repository_that_is_gone_is_waited_for(self, place: PlainPlace) -> None:
        opened = place.proposed()
        place.bare.rename(place.bare.with_name("away.git"))
        with pytest.raises(ForgeUnavailable):
            place.forge.look(place.address, opened.number)
