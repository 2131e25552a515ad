"""What every sandbox with real processes must do beyond the contract that its fake keeps too."""

from __future__ import annotations

import io
from threading import Event

import pytest

from sandbox.errors import FileProblem, SandboxLost, SnapshotFailed
from sandbox.port import STREAM_BYTES, Cancelled, Finished, Limits, TimedOut, Unknown
from tests.contracts.sandbox_contract import (
    HANG,
    PATIENCE,
    Host,
    Worker,
    eventually,
    in_background,
    take,
)
from tests.contracts.workspace_contract import WorkspaceContract

HELD = "setsid flock held bash -c 'touch started; sleep 600' & sleep 600"
IS_FREE = "flock -n held echo free"
"""What `HELD` started keeps its lock for its life."""


class ProcessContract(WorkspaceContract):
    """Holds for every backend with real processes."""

    def test_commands_and_files_see_the_same_workspace(self, worker: Worker) -> None:
        worker.write("in/file", b"text\n")
        assert worker.output("cat in/file; echo more > out") == "text\n"
        assert worker.read("out") == b"more\n"
        assert worker.output("echo again >> in/file; cat in/file") == "text\nagain\n"

    def test_files_stay_between_commands_and_processes_do_not(self, worker: Worker) -> None:
        worker.output(
            "(flock a sleep 600 &); setsid flock b sleep 600 > /dev/null 2>&1 & "
            "until [ -e a -a -e b ]; do sleep 0.01; done"
        )
        assert worker.output("ls; flock -n a echo free; flock -n b echo free") == "a\nb\nfree\nfree\n"

    def test_both_outputs_come_in_the_order_written(self, worker: Worker) -> None:
        assert worker.output("echo 1; echo 2 >&2; echo 3; echo 4 >&2") == "1\n2\n3\n4\n"

    def test_output_may_be_any_bytes(self, worker: Worker) -> None:
        outcome = worker.run(r"printf '\377\000\200text'")
        assert isinstance(outcome, Finished)
        assert outcome.output == b"\xff\x00\x80text"
        worker.run(r"printf '\377\000\200text'", call="followed")
        assert worker.follow("followed", 0) == b"\xff\x00\x80text"

    def test_file_names_may_be_any_bytes_too(self, worker: Worker) -> None:
        worker.output(r"""printf text > $'\377name'; mkdir 'a b'; touch $'a b/\n'""")
        snapshot = worker.snapshot()
        worker.output("rm -rf *")
        worker.restore(snapshot)
        assert worker.output(r"""cat $'\377name'; find 'a b' -type f | wc -l""") == "text2\n"

    def test_a_command_may_make_a_terminal_and_has_none_itself(self, worker: Worker) -> None:
        assert worker.output("[ -t 0 -o -t 1 -o -t 2 ] || echo none") == "none\n"
        inside = "[ -t 0 -a -t 1 ] && stty size && echo terminal"
        said = worker.output(f"script -qec '{inside}' /dev/null < /dev/null")
        assert said.splitlines()[-1] == "terminal"

    def test_there_is_nothing_to_read_on_stdin(self, worker: Worker) -> None:
        assert worker.output("cat; echo end") == "end\n"

    def test_the_signal_that_ended_a_command_is_in_its_exit_code(self, worker: Worker) -> None:
        outcome = worker.run("kill -KILL $$")
        assert isinstance(outcome, Finished)
        assert outcome.exit_code == 128 + 9

    @pytest.mark.parametrize("command", ["x" * 200_000, "echo \0"])
    def test_a_command_that_no_shell_takes_fails_with_the_reason(self, worker: Worker, command: str) -> None:
        outcome = worker.run(command)
        assert isinstance(outcome, Finished)
        assert outcome.exit_code == 126
        assert outcome.output.startswith(b"the command")

    def test_a_process_that_ignores_sigterm_is_killed_with_its_children(self, worker: Worker) -> None:
        stubborn = "trap '' TERM HUP INT; setsid flock lock sleep 600 & flock lock2 touch started; sleep 600"
        cancelled = Event()
        with in_background(lambda: worker.run(stubborn, cancelled=cancelled)) as future:
            assert eventually(lambda: worker.has("started"))
            cancelled.set()
            assert isinstance(future.result(PATIENCE), Cancelled)
        assert worker.output("flock -n lock echo free") == "free\n"

    def test_the_end_of_a_killed_supervisors_command_is_told_when_nothing_of_it_is_left(
        self, host: Host, worker: Worker
    ) -> None:
        with in_background(lambda: worker.run(HELD, call="c")) as future:
            assert eventually(lambda: worker.has("started"))
            host.kill_supervisor(worker.reference, "c")
            assert isinstance(future.result(PATIENCE), Unknown)
        assert worker.output(IS_FREE) == "free\n"

    def test_what_was_written_before_the_kill_is_kept(self, worker: Worker) -> None:
        outcome = worker.run("echo before; sleep 600", limits=Limits(seconds=0.5))
        assert isinstance(outcome, TimedOut)
        assert outcome.output == b"before\n"

    def test_a_flood_without_end_is_drained_until_the_time_limit(self, worker: Worker) -> None:
        outcome = worker.run("yes", limits=Limits(seconds=0.5))
        assert isinstance(outcome, TimedOut)
        assert outcome.dropped_bytes > 0
        assert len(outcome.output) < 101_000

    def test_a_flood_can_be_followed_up_to_a_limit(self, worker: Worker) -> None:
        worker.run("head -c 3M /dev/zero", call="flood")
        assert worker.follow("flood", STREAM_BYTES - 10) == bytes(10)
        assert worker.follow("flood", STREAM_BYTES) == b""

    def test_forking_is_contained(self, worker: Worker) -> None:
        # A bomb of at most 511 processes: a sandbox that fails here must not take the machine with it.
        bomb = "bomb() { [ $1 = 0 ] || { bomb $(($1 - 1)) & bomb $(($1 - 1)) & }; sleep 3; }; bomb 8"
        outcome = worker.run(bomb, limits=Limits(seconds=1.0, processes=40))
        assert not isinstance(outcome, Unknown)
        assert b"unavailable" in outcome.output or b"killed" in outcome.output
        assert worker.output("echo fine") == "fine\n"

    def test_memory_without_end_is_stopped(self, worker: Worker) -> None:
        outcome = worker.run("tail /dev/zero", limits=Limits(seconds=PATIENCE, memory_bytes=64 * 1024**2))
        assert isinstance(outcome, Finished)
        assert outcome.exit_code != 0
        assert b"memory" in outcome.output

    def test_memory_of_many_processes_counts_together(self, worker: Worker) -> None:
        several = (
            "for i in 1 2 3 4 5 6; do (head -c 30M /dev/zero | tail -c 30M | (sleep 2; wc -c)) & done; wait"
        )
        outcome = worker.run(several, limits=Limits(seconds=PATIENCE, memory_bytes=96 * 1024**2))
        assert isinstance(outcome, Finished)
        assert b"memory" in outcome.output

    def test_a_file_may_not_grow_beyond_its_limit(self, worker: Worker) -> None:
        worker.run("head -c 3M /dev/zero > file", limits=Limits(seconds=PATIENCE, file_bytes=1024**2))
        assert worker.output("stat -c %s file") == f"{1024**2}\n"

    def test_a_command_that_fills_the_workspace_is_killed(self, worker: Worker) -> None:
        fill = "for i in $(seq 1000); do head -c 1M /dev/zero > f$i; done; sleep 600"
        outcome = worker.run(fill, limits=Limits(seconds=PATIENCE, disk_bytes=16 * 1024**2))
        assert isinstance(outcome, Finished)
        assert outcome.exit_code == 137
        assert b"[killed: the workspace holds more than 16 MiB" in outcome.output
        assert worker.output("rm -f f*; echo room again") == "room again\n"

    def test_a_command_that_makes_files_without_end_is_killed(self, worker: Worker) -> None:
        fill = "for i in $(seq 3000); do : > f$i; done; sleep 600"
        outcome = worker.run(fill, limits=Limits(seconds=PATIENCE, files=1000))
        assert isinstance(outcome, Finished)
        assert outcome.exit_code == 137
        assert b"[killed: the workspace holds more than 1000 files" in outcome.output
        assert worker.output("rm -f f*; echo room again") == "room again\n"

    def test_a_snapshot_keeps_permissions_links_and_history_and_leaves_caches(self, worker: Worker) -> None:
        worker.output(
            "git init -q && echo 1 > f && git add f && git commit -qm first && echo 2 > f;"
            "echo x > run; chmod 750 run; ln -s run link; ln run hard; mkdir ~/.cache; touch ~/.cache/x ~/.rc"
        )
        snapshot = worker.snapshot()
        worker.output("rm -rf ./* .git ~/.rc ~/.cache")
        worker.restore(snapshot)
        look = "stat -c '%a %h' run; readlink link; git log --format=%s; git status --short f; ls -A ~"
        said = worker.output(look).splitlines()
        assert said == ["750 2", "run", "first", " M f", ".gitconfig", ".rc"]

    def test_a_snapshot_that_takes_too_long_is_given_up(self, worker: Worker) -> None:
        worker.output("truncate -s 500M sparse")
        into, limits = io.BytesIO(), Limits(seconds=0.2)
        with pytest.raises(SnapshotFailed, match="TimedOut"):
            worker.sandbox.snapshot(worker.reference, into=into, limits=limits, epoch=1)
        assert into.getvalue() == b""

    @pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../etc/passwd", "/proc/self/environ"])
    def test_a_link_out_of_the_workspace_is_not_followed(self, worker: Worker, target: str) -> None:
        worker.output(f"ln -s {target} link; ln -s / root; ln -s link chain")
        for path in ("link", "chain", "root/etc/passwd"):
            with pytest.raises(FileProblem, match="out of the workspace"):
                worker.read(path)
            with pytest.raises(FileProblem, match="out of the workspace"):
                worker.write(path, b"x", call=f"write {path}")

    def test_a_link_inside_the_workspace_is_followed(self, worker: Worker) -> None:
        worker.output(
            "mkdir -p a/b; echo text > a/b/file; ln -s a/b folder; ln -s ../a/b/file a/link; ln -s loop loop"
        )
        assert worker.read("folder/file") == worker.read("a/link") == b"text\n"
        worker.write("folder/file", b"new\n")
        assert worker.output("cat a/b/file; readlink folder") == "new\na/b\n"
        with pytest.raises(FileProblem, match="links"):
            worker.read("loop")

    def test_a_pipe_or_device_is_no_file(self, worker: Worker) -> None:
        worker.output("mkfifo pipe")
        with pytest.raises(FileProblem, match="regular"):
            worker.read("pipe")
        with pytest.raises(FileProblem, match="regular"):
            worker.write("pipe", b"x")

    def test_a_replaced_file_keeps_its_permissions(self, worker: Worker) -> None:
        worker.output("echo 'echo old' > script; chmod 750 script")
        worker.edit("script", "old", "new")
        assert worker.output("./script; stat -c %a script") == "new\n750\n"

    def test_git_works_without_setting_it_up(self, worker: Worker) -> None:
        assert (
            worker.output("git init -q && git commit -q --allow-empty -m first && git log --format=%s")
            == "first\n"
        )

    def test_a_workspace_with_unfriendly_contents_can_be_removed(self, worker: Worker) -> None:
        worker.output("mkdir -p shut/in; touch shut/in/file; chmod 000 shut/in shut; ln -s /etc link")
        worker.output("mkdir -p $(printf 'd/%.0s' {1..1200})")
        worker.sandbox.release(worker.reference, epoch=1)
        with pytest.raises(SandboxLost):
            worker.read("link")

    def test_release_kills_what_runs(self, host: Host, worker: Worker) -> None:
        with in_background(lambda: worker.run(HANG)) as future:
            assert eventually(lambda: worker.has("started"))
            take(host, epoch=1, known=worker.reference).sandbox.release(worker.reference, epoch=1)
            assert isinstance(future.exception(PATIENCE), SandboxLost) or isinstance(
                future.result(), Cancelled
            )
