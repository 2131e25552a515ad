"""The `oxbow` command. Heavy parts are loaded by the commands that need them, so that `--help` is quick."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

Run = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. 0: done. 1: it could not be done; stderr says why and what helps. 2: wrong usage."""
    asked = _parser().parse_args(arguments)
    run: Run = asked.run
    from bot.operator.commands import problems  # noqa: PLC0415 - loads the database driver

    try:
        return run(asked)
    except problems() as problem:
        print(f"oxbow: {problem}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="oxbow",
        description="A Slack bot that works in public threads and remembers what was solved.",
        epilog="Settings come from the environment; README.md lists them.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "serve", "hear Slack and work, in one process", _serve)
    _add(commands, "listen", "hear Slack only; work is done by `oxbow work` elsewhere", _listen)
    _add(commands, "work", "work only; Slack is heard by `oxbow listen` elsewhere", _work)
    _add(commands, "demo", "serve the local workspace with the scripted model, whatever is configured", _demo)
    _add(commands, "migrate", "bring the database's schema up to date", _migrate)
    manifest = _add(commands, "manifest", "print the Slack app manifest", _manifest)
    manifest.add_argument("--request-url", help="address of /slack/events for HTTP; without it Socket Mode")
    manifest.add_argument("--several", action="store_true", help="several workspaces install it, by HTTP")
    doctor = _add(commands, "doctor", "look at every part and say what is wrong and what to do", _doctor)
    doctor.add_argument("--json", action="store_true", help="for programs")
    show = _add(commands, "show", "print the log of a session", _show)
    show.add_argument("session", help="the session's identifier or its beginning")
    show.add_argument("call", nargs="?", help="print the whole output of this tool call instead")
    search = _add(commands, "search", "search solved problems", _search)
    search.add_argument("query", nargs="+")
    search.add_argument("--limit", type=int, default=5)
    forget = _add(commands, "forget", "withdraw what a thread taught, with its text, for good", _forget)
    forget.add_argument("link", help="of the thread's first message, as a search shows it")
    sandbox = _add(
        commands, "sandbox", "look after the workspaces that rest, now instead of by and by", _sandbox
    )
    sandbox.add_argument("what", choices=["gc"], help="gc: keep as snapshots, suspend and remove what is due")
    sandbox.add_argument("--dry-run", action="store_true", help="print what would be done")
    stats = _add(commands, "stats", "print the figures of a month: work, cost, memory, availability", _stats)
    stats.add_argument("--month", type=_month, metavar="YYYY-MM", help="in UTC; by default the current one")
    stats.add_argument("--json", action="store_true", help="for programs")
    _add(commands, "reindex", "index every solution again, as after a change of OXBOW_EMBEDDER", _reindex)
    again = _add(
        commands, "refit", "learn the ranking anew from what people did with earlier threads", _refit
    )
    instead = again.add_mutually_exclusive_group()
    instead.add_argument("--show", action="store_true", help="print what is in use and every version instead")
    instead.add_argument(
        "--back", action="store_true", help="return to the ranking before the current one instead"
    )
    measure = _add(commands, "eval", "measure recall on judged folders, in a database of its own", _eval)
    measure.add_argument(
        "folder", nargs="*", type=Path, help="holds corpus.jsonl, queries*.jsonl, qrels*.tsv"
    )
    measure.add_argument(
        "--forms", action="store_true", help="compare what rules and the small model read in this memory"
    )
    measure.add_argument("--json", action="store_true", help="print one JSON list instead of tables")
    gone = _add(commands, "erase", "leave nothing of a workspace that has taken the app back", _erase)
    gone.add_argument("team", help="its id (T…)")
    bring = _add(commands, "import", "import threads: a Slack export (folder or zip) or JSON lines", _import)
    bring.add_argument("path", type=Path, nargs="?")
    bring.add_argument("--channel", help="read a public channel through Slack's API instead")
    bring.add_argument("--workspace-url", default="https://slack.com", help="base of the export's permalinks")
    bring.add_argument(
        "--read",
        type=int,
        default=0,
        metavar="N",
        help="let OXBOW_DISTIL_MODEL read up to N new or changed threads",
    )
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str, run: Run
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_, description=help_)
    parser.set_defaults(run=run)
    return parser


def _serve(_: argparse.Namespace) -> int:
    from bot.serving import serve  # noqa: PLC0415

    return serve(listen=True, work=True)


def _listen(_: argparse.Namespace) -> int:
    from bot.serving import serve  # noqa: PLC0415

    return serve(listen=True, work=False)


def _work(_: argparse.Namespace) -> int:
    from bot.serving import serve  # noqa: PLC0415

    return serve(listen=False, work=True)


def _demo(_: argparse.Namespace) -> int:
    from bot.serving import demo  # noqa: PLC0415

    return demo()


def _migrate(_: argparse.Namespace) -> int:
    from bot.operator.commands import migrate  # noqa: PLC0415

    return migrate()


def _manifest(asked: argparse.Namespace) -> int:
    from bot.slack.manifest import manifest  # noqa: PLC0415

    if asked.several and not asked.request_url:
        print("oxbow: --several needs --request-url as well", file=sys.stderr)  # noqa: T201
        return 2
    made = manifest(request_url=asked.request_url, several=asked.several)
    print(json.dumps(made, indent=2))  # noqa: T201
    return 0


def _doctor(asked: argparse.Namespace) -> int:
    from bot.operator.doctor import doctor  # noqa: PLC0415

    return doctor(as_json=asked.json)


def _erase(asked: argparse.Namespace) -> int:
    from bot.operator.erasing import erase  # noqa: PLC0415

    return erase(asked.team)


def _show(asked: argparse.Namespace) -> int:
    from bot.operator.commands import show  # noqa: PLC0415

    return show(asked.session, asked.call)


def _search(asked: argparse.Namespace) -> int:
    from bot.operator.commands import search  # noqa: PLC0415

    return search(" ".join(asked.query), limit=asked.limit)


def _forget(asked: argparse.Namespace) -> int:
    from bot.operator.forgetting import forget  # noqa: PLC0415

    return forget(asked.link)


def _sandbox(asked: argparse.Namespace) -> int:
    from bot.operator.commands import collect  # noqa: PLC0415

    return collect(dry_run=asked.dry_run)


def _month(said: str) -> datetime:
    try:
        return datetime.strptime(said, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{said!r} is no month; write it as 2026-11") from None


def _stats(asked: argparse.Namespace) -> int:
    from bot.operator.commands import stats  # noqa: PLC0415

    return stats(asked.month, as_json=asked.json)


def _reindex(_: argparse.Namespace) -> int:
    from bot.operator.commands import renew_index  # noqa: PLC0415

    return renew_index()


def _import(asked: argparse.Namespace) -> int:
    from bot.operator.commands import bring  # noqa: PLC0415

    return bring(asked.path, workspace_url=asked.workspace_url, channel=asked.channel, read=asked.read)


def _refit(asked: argparse.Namespace) -> int:
    from bot.operator.refitting import renew_ranking, show_ranking, take_ranking_back  # noqa: PLC0415

    if asked.show:
        return show_ranking()
    return take_ranking_back() if asked.back else renew_ranking()


def _eval(asked: argparse.Namespace) -> int:
    if asked.forms:
        from bot.operator.comparing import compare_forms  # noqa: PLC0415

        return compare_forms(as_json=asked.json)
    from bot.operator.evaluating import evaluate  # noqa: PLC0415

    return evaluate(asked.folder, as_json=asked.json)
