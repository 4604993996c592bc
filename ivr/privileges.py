"""The line never runs as root. Opened by root, its parts run as a user number of their own, without an account."""

from __future__ import annotations

import os
from pathlib import Path

READ_PAST = "+dac_read_search"  # capabilities(7): enter and read folders, never write


def is_root() -> bool:
    return os.geteuid() == 0


def run_as(uid: int, argv: list[str], *reach: Path) -> list[str]:
    """`argv` to be run as `uid` when we are root, unchanged otherwise (setpriv(1)).

    Where a folder above one of `reach` may be entered by root alone (a clone under /root, say), the right to read
    past it is left to the program; nothing else is.
    """
    if not is_root():
        return argv
    user = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs"]
    rights = f"-all,{READ_PAST}" if any(map(closed_folder, reach)) else "-all"
    caps = [f"--inh-caps={rights}", f"--ambient-caps={rights}", f"--bounding-set={rights}"]
    return ["setpriv", *user, *caps, "--", *argv]


def closed_folder(path: Path) -> Path | None:
    """The first folder on the way to `path` that not everybody may enter, or None."""
    return next((p for p in reversed(path.resolve().parents) if not p.stat().st_mode & 0o001), None)


def hand_over(path: Path, uid: int) -> None:
    """Give `path` and all under it to `uid`, when we are root. Links are not followed."""
    if not is_root():
        return
    for found in (path, *path.rglob("*")):
        if found.lstat().st_uid != uid:
            os.chown(found, uid, uid, follow_symlinks=False)
