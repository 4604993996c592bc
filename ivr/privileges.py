"""The line never runs as root. Opened by root, its parts run as a user number of their own, without an account."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

READ_PAST = "+dac_read_search"  # capabilities(7): enter and read folders, never write

# $1 is a folder that only root may enter; up to -- what must be reached in it; then the program. In a mount namespace
# of its own (mount_namespaces(7)) an open folder takes the closed one's place, with nothing but that in it.
SHOW_ONLY = """
hide=$1; shift
stage=$(mktemp -d); mount -t tmpfs none "$stage"; n=0
for kept; do [ "$kept" = -- ] && break; n=$((n+1)); mkdir "$stage/$n"; mount --bind "$kept" "$stage/$n"; done
mount -t tmpfs -o mode=755 none "$hide"; n=0
while [ "$1" != -- ]; do n=$((n+1)); mkdir -p "$1"; mount --move "$stage/$n" "$1"; shift; done
shift; umount "$stage"; rmdir "$stage"; cd /; exec "$@"
"""


def is_root() -> bool:
    return os.geteuid() == 0


def run_as(uid: int, argv: list[str], *reach: Path) -> list[str]:
    """`argv` to be run as `uid` when we are root, unchanged otherwise (setpriv(1)). No right of root's is left.

    Where one of `reach` lies under a folder that root alone may enter (a clone under /root, say), the program sees
    that folder with nothing in it but `reach`. Where the machine allows no such view, the right to read past closed
    folders is left to it; see `sees_through`.
    """
    if not is_root():
        return argv
    closed = sorted({folder for place in reach if (folder := closed_folder(place))})
    if not closed:
        return [*_dropped(uid, "-all"), *argv]
    if not sees_through():
        return [*_dropped(uid, f"-all,{READ_PAST}"), *argv]
    views = [word for folder in closed for word in _view(folder, reach)]
    return [*views, *_dropped(uid, "-all"), *argv]


def _dropped(uid: int, rights: str) -> list[str]:
    user = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs"]
    caps = [f"--inh-caps={rights}", f"--ambient-caps={rights}", f"--bounding-set={rights}"]
    return ["setpriv", *user, *caps, "--"]


def _view(folder: Path, reach: Iterable[Path]) -> list[str]:
    inside = {place.resolve() for place in reach if folder in place.resolve().parents}
    kept = sorted(place for place in inside if not inside & set(place.parents))
    return ["unshare", "--mount", "sh", "-euc", SHOW_ONLY, "sh", str(folder), *map(str, kept), "--"]


def sees_through() -> bool:
    """Whether this machine lets root make a view of its own; a container may not."""
    tried = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


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
