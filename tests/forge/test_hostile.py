"""What a hostile workspace may send: each kind is refused with a reason, or does nothing."""

from __future__ import annotations

import hashlib
import stat
import zlib
from pathlib import Path

import pytest

from bot.forge import quarantine as rules
from bot.forge.errors import ChangeRefused
from bot.forge.inspection import FILE_BYTES, Entry, problems
from bot.forge.plumbing import git
from bot.forge.quarantine import Authorship, quarantine
from tests.forge.workbench import Workbench

OXBOW = Authorship(name="Oxbow", email="oxbow@localhost", at="2026-11-25T12:00:00+00:00")


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def test_an_honest_change_is_taken_in(bench: Workbench) -> None:
    change = bench.taken_in(bench.with_file("notes.md", b"one\ntwo\n"))
    assert (change.files, change.insertions, change.deletions) == (("notes.md",), 2, 0)


# Names


@pytest.mark.parametrize(
    "name",
    [
        ".git", ".GIT", ".Git ", ".git.", "git~1", "GIT~2", ".g\u200cit", ".git::$INDEX_ALLOCATION",
        "..", ".", "a\\..\\b", "con:stream", "new\nline", "bell\a", "right\u202eto-left", "\udcff.py",
    ],
)  # fmt: skip
def test_a_name_that_means_something_else_somewhere_is_refused(bench: Workbench, name: str) -> None:
    with pytest.raises(ChangeRefused):
        bench.taken_in(bench.with_file(name))


def test_a_path_within_git_s_folder_is_refused(bench: Workbench) -> None:
    hook = bench.tree(("100755", bench.blob(b"#!/bin/sh\n"), "pre-commit"))
    inner = bench.tree(("040000", hook, "hooks"))
    with pytest.raises(ChangeRefused):
        bench.taken_in(bench.tree(("040000", inner, ".git"), ("100644", bench.blob(b"first"), "file")))


def test_names_that_differ_in_case_alone_are_refused(bench: Workbench) -> None:
    with pytest.raises(ChangeRefused, match="FILE and file are one name where case is ignored"):
        bench.taken_in(bench.with_file("FILE"))


def test_folders_that_differ_in_case_alone_are_refused(bench: Workbench) -> None:
    inner = bench.tree(("100644", bench.blob(b"x"), "other.py"))
    listed = git("ls-tree", bench.base, "src", cwd=bench.work).split()[2]
    tree = bench.tree(("040000", inner, "SRC"), ("040000", listed, "src"))
    with pytest.raises(ChangeRefused, match="SRC and src"):
        bench.taken_in(tree)


def test_names_that_differ_in_composition_alone_are_refused(bench: Workbench) -> None:
    entries = [Entry(path="caf\u00e9", mode="100644"), Entry(path="cafe\u0301", mode="100644")]
    assert list(problems(entries, ["caf\u00e9", "cafe\u0301"]))


# Symlinks and submodules


@pytest.mark.parametrize(
    "target",
    ["/etc/passwd", "../../x", "..", "src/../../x", ".git/config", "./.GIT/hooks", "C:\\x", "x" * 5_000],
)
def test_a_symlink_that_leads_out_is_refused(bench: Workbench, target: str) -> None:
    with pytest.raises(ChangeRefused, match="leads out"):
        bench.taken_in(bench.with_file("link", target.encode(), mode="120000"))


@pytest.mark.parametrize("target", ["file", "src/app.py", "./src", "src/../file"])
def test_a_symlink_that_stays_inside_is_taken_in(bench: Workbench, target: str) -> None:
    assert bench.taken_in(bench.with_file("link", target.encode(), mode="120000")).files == ("link",)


def test_a_submodule_is_refused(bench: Workbench) -> None:
    listed = git("ls-tree", bench.base, "file", cwd=bench.work).split()[2]
    tree = bench.tree(("100644", listed, "file"), ("160000", bench.base, "vendor"))
    with pytest.raises(ChangeRefused, match="submodules are changed by people"):
        bench.taken_in(tree)


def test_the_list_of_submodules_is_not_changed(bench: Workbench) -> None:
    content = b'[submodule "x"]\n\tpath = x\n\turl = -u./payload\n'
    with pytest.raises(ChangeRefused):
        bench.taken_in(bench.with_file(".gitmodules", content))


def test_a_symlink_for_the_list_of_submodules_is_refused(bench: Workbench) -> None:
    with pytest.raises(ChangeRefused):
        bench.taken_in(bench.with_file(".gitmodules", b"file", mode="120000"))


def test_a_mode_of_no_file_is_refused() -> None:
    assert list(problems([Entry(path="x", mode="100666")], ["x"])) == ["x: the mode 100666 is none of a file"]


# What would run


def test_checks_with_secrets_are_not_changed(bench: Workbench) -> None:
    inner = bench.tree(("100644", bench.blob(b"on: push\n"), "steal.yml"))
    tree = bench.tree(("040000", bench.tree(("040000", inner, "workflows")), ".github"))
    with pytest.raises(ChangeRefused, match="what runs in checks"):
        bench.taken_in(tree)


def test_attributes_with_filters_and_drivers_do_nothing(bench: Workbench, tmp_path: Path) -> None:
    drivers = (
        b"* filter=evil diff=evil merge=evil ident text eol=crlf export-subst working-tree-encoding=UTF-7\n"
    )
    for name in ("filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "diff.evil.command"):
        git("config", name, f"touch {tmp_path}/ran", cwd=bench.mirror)
    with bench.quarantined(bench.commit(bench.with_file(".gitattributes", drivers))) as opened:
        assert opened.inspected().files == (".gitattributes",)
        assert opened.added_text() == drivers.decode().strip()
    assert not (tmp_path / "ran").exists()


def test_a_large_file_pointer_is_kept_as_the_text_it_is(bench: Workbench) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
    with bench.quarantined(bench.commit(bench.with_file("model.bin", pointer))) as opened:
        assert opened.inspected().files == ("model.bin",)
        assert pointer.decode().strip() in opened.added_text()


@pytest.fixture
def hooked(bench: Workbench, tmp_path: Path) -> Path:
    """Every hook of the mirror leaves a trace."""
    names = ("pre-receive", "post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc")
    (bench.mirror / "hooks").mkdir(exist_ok=True)
    for name in names:
        script = bench.mirror / "hooks" / name
        script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        script.chmod(stat.S_IRWXU)
    return tmp_path / "ran"


def test_no_hook_runs(bench: Workbench, hooked: Path) -> None:
    tree = bench.with_file("post-checkout", b"#!/bin/sh\n", mode="100755")
    with bench.quarantined(bench.commit(tree)) as opened:
        opened.commit(parent=bench.base, message="A change", by=OXBOW)
        assert opened.inspected().files == ("post-checkout",)
    assert not hooked.exists()


# Sizes


def test_a_pack_that_is_too_large_is_refused_unread(bench: Workbench) -> None:
    content = b"PACK" + bytes(rules.PACK_BYTES)
    with pytest.raises(ChangeRefused, match="it is packed in"), bench.quarantined(bench.base, content):
        pass


def test_a_file_that_unpacks_into_far_more_is_refused(bench: Workbench) -> None:
    tree = bench.with_file("zeros", bytes(FILE_BYTES + 1))
    assert len(bench.pack(bench.commit(tree))) < FILE_BYTES / 100
    with pytest.raises(ChangeRefused, match="more than 5242880"):
        bench.taken_in(tree)


def test_many_files_are_refused() -> None:
    entries = [Entry(path=f"f{number}", mode="100644") for number in range(1_001)]
    assert next(problems(entries, [])) == "it changes 1001 files, more than 1000"


# Objects


def test_what_is_no_pack_is_refused(bench: Workbench) -> None:
    with pytest.raises(ChangeRefused), bench.quarantined(bench.base, b"not a pack at all"):
        pass


def test_a_pack_that_was_cut_is_refused(bench: Workbench) -> None:
    made = bench.commit(bench.with_file("notes.md"))
    with pytest.raises(ChangeRefused), bench.quarantined(made, bench.pack(made)[:-30]):
        pass


def test_a_pack_that_lacks_objects_is_refused(bench: Workbench) -> None:
    made = bench.commit(bench.with_file("notes.md"))
    empty = bench.commit(git("rev-parse", f"{bench.base}^{{tree}}", cwd=bench.work).strip())
    with pytest.raises(ChangeRefused), bench.quarantined(made, bench.pack(empty)):
        pass


def test_a_commit_that_is_not_in_the_pack_is_refused(bench: Workbench) -> None:
    content = bench.pack(bench.commit(bench.with_file("notes.md")))
    with pytest.raises(ChangeRefused), bench.quarantined("0" * 40, content):
        pass


@pytest.mark.parametrize("commit", ["HEAD", "--help", "refs/heads/trunk", "", "0" * 39])
def test_only_a_commit_s_own_name_is_taken(bench: Workbench, commit: str) -> None:
    content = bench.pack(bench.commit(bench.with_file("notes.md")))
    with (
        pytest.raises(ChangeRefused),
        quarantine(content, commit=commit, base=bench.base, mirror=bench.mirror),
    ):
        pass


def test_a_tree_that_git_calls_broken_is_refused(bench: Workbench) -> None:
    blob = bench.blob(b"x\n")
    with pytest.raises(ChangeRefused):
        bench.taken_in(bench.tree(("100644", blob, "same"), ("100644", blob, "same")))


def test_what_the_commit_says_of_itself_is_dropped(bench: Workbench) -> None:
    with bench.quarantined(bench.commit(bench.with_file("notes.md"))) as opened:
        ours = opened.commit(parent=bench.base, message="Ours", by=OXBOW)
        again = opened.commit(parent=bench.base, message="Ours", by=OXBOW)
        told = git("cat-file", "commit", ours, cwd=opened.folder)
    assert ours == again
    assert "Ada" not in told
    assert "author Oxbow <oxbow@localhost>" in told


def test_a_change_that_changes_nothing_is_refused(bench: Workbench) -> None:
    tree = git("rev-parse", f"{bench.base}^{{tree}}", cwd=bench.work).strip()
    with pytest.raises(ChangeRefused, match="the change is empty"):
        bench.taken_in(tree)


def test_nothing_stays_behind(bench: Workbench, tmp_path: Path) -> None:
    before = git("count-objects", cwd=bench.mirror)
    bench.taken_in(bench.with_file("notes.md"))
    assert git("count-objects", cwd=bench.mirror) == before
    assert not list(tmp_path.glob("change-*"))


def test_a_pack_of_deltas_that_grow_without_end_is_stopped(bench: Workbench) -> None:
    with pytest.raises(ChangeRefused, match="Out of memory"), bench.quarantined("0" * 40, growing()):
        pass


def growing() -> bytes:
    """A file of 16 MiB and a delta that makes 4 GiB of it, in 20 KiB: git would hold both in memory."""
    content = bytes(16 * 1024**2)
    made = hashlib.sha1(b"blob %d\0" % len(content) + content).digest()
    copied = bytes([0xF0, 0xFF, 0xFF, 0xFF])  # 16 MiB less one byte, from the beginning
    delta = number(len(content)) + number((2**24 - 1) * 256) + copied * 256
    body = b"PACK" + (2).to_bytes(4, "big") + (2).to_bytes(4, "big")
    body += head(3, len(content)) + zlib.compress(content)
    body += head(7, len(delta)) + made + zlib.compress(delta)
    return body + hashlib.sha1(body).digest()


def head(kind: int, size: int) -> bytes:
    """The first bytes of an object in a pack."""
    first, size = (kind << 4) | (size & 15), size >> 4
    return bytes([first | 0x80]) + number(size) if size else bytes([first])


def number(value: int) -> bytes:
    """A number in git's own form, seven bits a byte."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
