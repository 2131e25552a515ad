"""What containers and pods have in common: a first process, a disk, the few rights of root in them."""

KEEPER = (
    "import signal, sys\n"
    "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit())\n"
    "while True: signal.pause()\n"
)
"""It buries orphans without a word, and ends when it is told to."""

DISK = "/oxbow"
"""Where the session's volume is."""

CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID")
"""What root needs in there to give files to the commands' user, look after them and kill. None of it reaches
the commands: they are another user, who may gain no privilege."""
