"""The last steps before a command's process: its descriptors, its view of the host, its user, its limits."""

# ruff: noqa: PTH103, PTH116, PTH208 - pathlib would cost every command 8 ms
from __future__ import annotations

import os
import resource

from sandbox import remains

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` would cost every command 5 ms
    from typing import Any

    from sandbox.containment import Containment

TOLD, GATE = 18, remains.GATE
"""The descriptors on which a namespace tells its first process, and waits for the word to begin."""

FIRST_INHERITED = 20
"""Above what the supervisor has open at this point."""

# Covered by a file system of its own in the namespace; the folder exists on every host.
STAGE = "/tmp"  # noqa: S108
# HUP, INT, PIPE, TERM, CHLD, XFSZ: what Python, or whoever started the worker, may have set to be ignored.
_RESET = (1, 2, 13, 15, 17, 25)
_SIG_DFL, _SIG_SETMASK = None, 2
_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MS_NOSUID, _MS_NODEV = 2, 4
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280, "armv7l": 311}
"""The number of the call by machine; the C library has no function for it."""
_JOIN_SESSION_KEYRING = 1
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9


def launch(order: dict[str, Any], containment: Containment) -> tuple[int, int]:
    """Start the process; its id and the pipe with all its output.

    Where to find what is left of it is noted in the call's folder before the command begins.
    """
    supervisor, output, told, gate = os.getpid(), os.pipe(), os.pipe(), os.pipe()
    if order["announced"]:
        _note(remains.of_gate(gate[0]))
    elif order["uid"] is not None:
        _note(remains.of_user(order["uid"]))
    pid = os.fork()
    if pid:
        for theirs in (output[1], told[1], gate[0]):
            os.close(theirs)
        if order["announced"]:
            _let_begin(told[0], gate[1])
        os.close(told[0])
        os.close(gate[1])
        os.set_blocking(output[0], False)
        return pid, output[0]
    try:
        os.dup2(told[1], TOLD, inheritable=order["announced"])
        os.dup2(gate[0], GATE, inheritable=order["announced"])
        _become(order, containment, output[1], supervisor)
    except OSError as error:
        os.write(output[1], f"the command could not be started: {error}\n".encode())
    finally:
        os._exit(126)


def _let_begin(told: int, gate: int) -> None:
    """Open the gate when the first process of the namespace is noted. Without a supervisor it stays shut."""
    said = b""
    while piece := os.read(told, 4096):
        said += piece
    # As bubblewrap writes it: {"child-pid": 1234, and more.
    _, known, rest = said.partition(b'"child-pid":')
    if known:
        _note(remains.of_process(int(rest.split(b",")[0].strip(b" }\n"))))
        try:
            os.write(gate, b"\n")
        except BrokenPipeError:
            return  # it is gone already, and whoever watches it will see that


def _note(text: str) -> None:
    note = os.open("remains", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(note, text.encode())
    os.close(note)


def _become(order: dict[str, Any], containment: Containment, output: int, supervisor: int) -> None:
    os.umask(0o022)
    containment.enter()
    _leave_keys()
    for number, content in enumerate(order["inherited"]):
        _inherit(content, FIRST_INHERITED + number)
    if order["staged"]:
        _stage(order["staged"])
    _limit(order, containment)
    if order["uid"] is not None:
        os.setgroups([])
        os.setresgid(order["uid"], order["uid"], order["uid"])
        os.setresuid(order["uid"], order["uid"], order["uid"])
    _die_with(supervisor)
    os.chdir(order["directory"])
    _reset_signals()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.execve(order["program"], order["argv"], order["environment"])  # noqa: S606


def _die_with(supervisor: int) -> None:
    """Be killed when the supervisor is. A change of user would undo it, so it comes after that."""
    import ctypes  # noqa: PLC0415 - loaded already by the supervisor

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    if os.getppid() != supervisor:
        os._exit(126)


def _leave_keys() -> None:
    """Begin a session keyring of its own: that of whoever started the bot would be readable otherwise."""
    import ctypes  # noqa: PLC0415 - loaded already by the supervisor

    number = _KEYCTL.get(os.uname().machine)
    if number is None:
        raise OSError(f"how to leave a keyring is not known on {os.uname().machine}")
    ctypes.CDLL(None).syscall(number, _JOIN_SESSION_KEYRING, None)


def _reset_signals() -> None:
    import ctypes  # noqa: PLC0415 - loaded already by the supervisor; the module `signal` would cost 7 ms

    libc = ctypes.CDLL(None)
    for number in _RESET:
        libc.signal(number, _SIG_DFL)
    libc.sigprocmask(_SIG_SETMASK, bytes(128), None)


def _inherit(content: bytes, number: int) -> None:
    descriptor = os.memfd_create("inherited")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.dup2(descriptor, number, inheritable=True)
    os.close(descriptor)


def _limit(order: dict[str, Any], containment: Containment) -> None:
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: order["file_bytes"]}
    if not containment.counts_memory:
        # Writable private memory of one process; merely reserved address space (Node, Java) does not count.
        limits[resource.RLIMIT_DATA] = order["memory_bytes"]
    if order["limit_user"]:
        limits[resource.RLIMIT_NPROC] = order["processes"] + _threads_of_user()
    for kind, amount in limits.items():
        resource.setrlimit(kind, (amount, amount))


def _threads_of_user() -> int:
    total = 0
    for process in filter(str.isdecimal, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{process}").st_uid == os.getuid():
                total += len(os.listdir(f"/proc/{process}/task"))
        except OSError:
            continue
    return total


def _stage(staged: tuple[tuple[str, str], ...]) -> None:
    """Bind folders below `/tmp` in a private mount namespace.

    The user that the process becomes could not reach them otherwise when they lie in a closed folder, such as
    the home of root.
    """
    import ctypes  # noqa: PLC0415 - 3 ms, needed by root alone

    libc = ctypes.CDLL(None, use_errno=True)

    def attempt(what: str, result: int) -> None:
        if result:
            raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")

    attempt("a mount namespace", libc.unshare(_CLONE_NEWNS))
    attempt("private mounts", libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))
    sources = [os.open(source, os.O_PATH | os.O_DIRECTORY) for source, _ in staged]
    flags = _MS_NOSUID | _MS_NODEV
    attempt("a stage", libc.mount(b"tmpfs", STAGE.encode(), b"tmpfs", flags, b"mode=755,size=64k"))
    for descriptor, (source, target) in zip(sources, staged, strict=True):
        os.makedirs(target)
        from_ = f"/proc/self/fd/{descriptor}".encode()
        attempt(f"binding {source}", libc.mount(from_, target.encode(), None, _MS_BIND, None))
