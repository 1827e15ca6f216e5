"""Runs as its own program between the hub and Postgres: drop root, tie the lives, become it.

A separate program, because doing this between fork and exec is unsafe in a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> int:
    """Become the command, as the user, dying cleanly when the parent does."""
    parent, uid, gid, *command = sys.argv[1:]
    if int(uid) != os.geteuid():
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After setuid, which would clear it; exec keeps it. SIGINT is Postgres's fast shutdown.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
    if os.getppid() != int(parent):
        return 1  # the parent died before its death could be noticed
    # A shell has what it starts in the background ignore SIGINT, and exec hands that on.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606 -- no shell is wanted
    return 0


if __name__ == "__main__":
    sys.exit(main())
