"""Whose files these are. The line runs as a user of its own; root may look at its records, or open it.

Whatever root makes in a folder of that user must be that user's too, or the line could not write it any more.
"""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


def make_folder(folder: Path) -> None:
    """`folder` and the folders above it that are missing; each belongs to the owner of the one it lies in."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        folder.mkdir(PRIVATE_FOLDER)
    except FileExistsError:
        return
    above = folder.parent.stat()
    if os.geteuid() == 0:
        os.chown(folder, above.st_uid, above.st_gid, follow_symlinks=False)


def open_own(file: Path, flags: int) -> int:
    """A descriptor of `file`, made for the owner of its folder when it is not there.

    Only a file that this very call made is given away: giving away one that was found would follow a planted link.
    """
    try:
        descriptor = os.open(file, flags | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    except FileExistsError:
        return os.open(file, flags | os.O_CLOEXEC)
    if os.geteuid() == 0:
        folder = file.parent.stat()
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor
