"""Break each main promise on purpose, and see the tests that hold it turn red.

    make mutations

Each mutation is one exact replacement in a copy of the tree. The tests named with it must pass there without
it and fail with it; a mutation that survives means a promise that nothing holds.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.trees import copied, replace

SECONDS = 60
"""For the tests of one mutation: those that hang are red too."""

LEASES = "tests/memory/test_leases.py"
LOG = "tests/memory/test_log.py"
LOCAL = "tests/sandbox/test_local.py"
AUTHORITY = "tests/brain/test_authority.py"
APPROVALS = "tests/brain/test_decide_approvals.py"
HELD = "WHERE id = :session AND lease_epoch = :epoch AND lease_owner = :owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One promise, broken by one replacement, and the tests that must notice."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, tree: Path) -> None:
        """Make the replacement; the text must be there once."""
        replace(tree / self.file, self.old, self.new)


MUTATIONS = (
    Mutation(
        name="a model may put an error into the memory that nobody saw",
        file="memory/solutions/grounding.py",
        old="if form in whole), None)",
        new="if form), None)",
        tests=("tests/memory/test_grounding.py",),
    ),
    Mutation(
        name="a replaced worker may still write to the log",
        file="memory/log/sql.py",
        old=f"{HELD}\n    RETURNING head",
        new="WHERE id = :session\n    RETURNING head",
        tests=(f"{LEASES}::test_a_worker_that_was_replaced_writes_nothing",),
    ),
    Mutation(
        name="an old epoch of the same worker may still write",
        file="memory/log/sql.py",
        old=f"{HELD}\n    RETURNING head",
        new="WHERE id = :session AND lease_owner = :owner\n    RETURNING head",
        tests=(f"{LEASES}::test_an_old_epoch_is_refused_though_the_same_worker_holds_the_session",),
    ),
    Mutation(
        name="a replaced worker may still act in the sandbox",
        file="sandbox/fence.py",
        old="            raise StaleEpoch(",
        new='            return folder / f"{_PREFIX}{current}"\n            raise StaleEpoch(',
        tests=(f"{LOCAL}::TestLocalSandbox::test_a_lower_epoch_can_do_nothing",),
    ),
    Mutation(
        name="a call is run again by whoever asks for it next",
        file="sandbox/supervisor.py",
        old="    except FileExistsError:\n        return TAKEN\n    return STARTED",
        new="    except FileExistsError:\n        return STARTED\n    return STARTED",
        tests=(f"{LOCAL}::test_a_second_supervisor_of_a_call_does_nothing",),
    ),
    Mutation(
        name="the end of a call whose supervisor was killed is told at once",
        file="sandbox/commands.py",
        old="                remains.end(call.remains())\n",
        new="",
        tests=("tests/sandbox/test_remains.py::test_the_next_who_asks_is_told_when_nothing_is_left",),
    ),
    Mutation(
        name="a prepared workspace is changed where it was left",
        file="bot/brain/hands.py",
        old="                self._preparing.sync(claimed, self._sandbox, self._chosen(claimed.session))\n",
        new="                pass\n",
        tests=(
            "tests/scenarios/test_pool.py::test_it_is_read_at_once_and_changed_only_at_the_recorded_commit",
        ),
    ),
    Mutation(
        name="deliveries have no key",
        file="memory/log/session_log.py",
        old="_insert(connection, row.id, row.head, new, delivery_key=delivery_key)",
        new="_insert(connection, row.id, row.head, new)",
        tests=(f"{LOG}::test_the_same_delivery_from_twenty_threads_is_one_event_in_one_session",),
    ),
    Mutation(
        name="Slack is answered before the commit",
        file="bot/slack/app.py",
        old="process_before_response=True",
        new="process_before_response=False",
        tests=("tests/scenarios/test_acknowledging.py",),
    ),
    Mutation(
        name="nobody looks before a post is made again",
        file="bot/brain/speaking.py",
        old="        ts = self._replies.find(claimed.address, claimed.id, reply.key)\n",
        new="        ts = None\n",
        tests=("tests/scenarios/test_troubles.py::test_an_answer_whose_post_had_no_outcome_is_seen_once",),
    ),
    Mutation(
        name="a session rests over a message that its worker has not read",
        file="memory/log/sql.py",
        old="AND lease_owner = :owner AND head = :head",
        new="AND lease_owner = :owner",
        tests=(f"{LEASES}::test_there_is_no_rest_for_who_has_not_read_everything",),
    ),
    Mutation(
        name="leases are not renewed",
        file="memory/log/sql.py",
        old="SET lease_until = clock_timestamp() + make_interval(secs => :ttl)\n    FROM held",
        new="SET lease_until = lease_until\n    FROM held",
        tests=(f"{LEASES}::test_a_renewed_lease_lasts_from_now",),
    ),
    Mutation(
        name="a worker whose heartbeat is starved goes on",
        file="bot/brain/claimed.py",
        old="return told or time.monotonic() > self._held_until",
        new="return told",
        tests=(
            "tests/test_worker.py::test_a_worker_whose_heartbeat_is_starved_stops_by_itself_and_records_nothing",
        ),
    ),
    Mutation(
        name="a session that kills its workers is claimed for ever",
        file="memory/log/sql.py",
        old="        barren_claims = barren_claims + 1\n",
        new="        barren_claims = barren_claims\n",
        tests=(f"{LEASES}::test_claims_that_bring_nothing_are_counted",),
    ),
    Mutation(
        name="a call is made without a word in the log before it",
        file="bot/brain/brain.py",
        old="            claimed.append(ToolStarted(call=call.call, tool=call.tool))\n",
        new="            pass\n",
        tests=("tests/crash",),
    ),
    Mutation(
        name="a stop is not obeyed",
        file="bot/brain/decide.py",
        old="    interrupt_first,\n",
        new="",
        tests=("tests/brain/test_decide.py::test_the_next_step",),
    ),
    Mutation(
        name="a scheduled thread is begun again after a crash",
        file="bot/slack/scheduling.py",
        old="        if due.tries == 1:",
        new="        if due.tries:",
        tests=("tests/scenarios/test_schedules.py::test_a_post_whose_outcome_is_unknown_is_looked_for",),
    ),
    Mutation(
        name="anybody may say that a workspace took the app back",
        file="bot/slack/tenants/front_door.py",
        old="        if not self._verifier.is_valid(",
        new="        if self._verifier.is_valid(",
        tests=("tests/slack/test_front_door.py::test_what_is_not_signed_takes_nothing_back",),
    ),
    Mutation(
        name="a workspace that the operator did not name is served",
        file="bot/slack/tenants/installing.py",
        old="        if team not in self._teams:",
        new="        if team is None:",
        tests=(
            "tests/scenarios/test_two_workspaces.py::test_a_workspace_that_the_operator_did_not_name_is_not_installed",
        ),
    ),
    Mutation(
        name="a newer version of an event is guessed at",
        file="memory/log/codec.py",
        old="if kind is None or version > kind.VERSION:",
        new="if kind is None:",
        tests=("tests/memory/test_codec.py::test_what_is_not_known_is_said_to_be_unknown",),
    ),
    Mutation(
        name="a change is pushed for whoever asks",
        file="bot/brain/changes/authority.py",
        old="if person in listed:",
        new="if True:",
        tests=(f"{AUTHORITY}::test_a_forge_without_accounts_is_decided_by_the_operator_s_list",),
    ),
    Mutation(
        name="one account may be linked with two people",
        file="migrations/versions/0016_accounts.py",
        old=",\n        UNIQUE (team, server, number)",
        new="",
        tests=(f"{AUTHORITY}::test_an_account_belongs_to_one_person",),
    ),
    Mutation(
        name="the model decides between repositories that people named",
        file="bot/brain/repository_choice.py",
        old="if not meant.contested:",
        new="if True:",
        tests=(
            "tests/brain/test_decide_repositories.py"
            "::test_the_model_does_not_decide_between_what_people_named",
        ),
    ),
    Mutation(
        name="the word about one push lets another through",
        file="bot/brain/changes/publication.py",
        old='call=f"{PULL_REQUEST}:{exported.commit}"',
        new="call=PULL_REQUEST",
        tests=(f"{APPROVALS}::test_the_word_about_a_push_is_about_its_commit",),
    ),
    Mutation(
        name="a file is shown again without a look into the thread",
        file="bot/brain/sharing.py",
        old="elif begun.posted is None and self._posts.posted(claimed.address, begun.file):",
        new="elif begun.posted:",
        tests=("tests/scenarios/test_files_out.py::test_a_file_whose_way_broke_off_is_there_once",),
    ),
    Mutation(
        name="a secret leaves in a file",
        file="bot/brain/sharing.py",
        old="return self._secrets.text(content.decode()).encode()",
        new="return content.decode().encode()",
        tests=(
            "tests/scenarios/test_files_out.py::"
            "test_secrets_of_a_text_are_masked_and_other_bytes_with_one_stay",
        ),
    ),
    Mutation(
        name="a token that is gone is tried for ever",
        file="bot/slack/web.py",
        old="        self._breaker.pass_through()\n",
        new="",
        tests=("tests/slack/test_breaker.py::test_after_a_refusal_no_call_leaves_the_process",),
    ),
    Mutation(
        name="code of an answer calls somebody",
        file="bot/slack/showing/code_spans.py",
        old='if found["fence"] and _TOKEN.search(found["fence"])]',
        new='if found["fence"] and not found["fence"]]',
        tests=("tests/slack/test_code_spans.py",),
    ),
)


def passes(tree: Path, tests: Sequence[str], seconds: float) -> bool:
    """Whether the tests pass in the tree, within that time."""
    argv = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        argv, cwd=tree, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            return process.wait(timeout=seconds) == 0
        except subprocess.TimeoutExpired:
            # Interrupted and not killed, so that it takes its database server with it.
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()
            return False


def survives(mutation: Mutation) -> bool:
    """Whether its tests stay green with it."""
    with copied() as tree:
        mutation.apply(tree)
        return passes(tree, mutation.tests, SECONDS)


def main() -> None:
    with copied() as tree:
        every = sorted({test for mutation in MUTATIONS for test in mutation.tests})
        if not passes(tree, every, SECONDS * len(MUTATIONS)):
            raise SystemExit("the tests fail without any mutation")
    survivors = 0
    for mutation in MUTATIONS:
        began = time.monotonic()
        survived = survives(mutation)
        survivors += survived
        said = "SURVIVED" if survived else "killed"
        sys.stdout.write(f"{said:<9}{time.monotonic() - began:4.0f} s  {mutation.name}\n")
        sys.stdout.flush()
    if survivors:
        raise SystemExit(f"{survivors} of {len(MUTATIONS)} mutations survived")


if __name__ == "__main__":
    main()
