"""The switch: find Asterisk or bring it, start it, ask it, stop it.

Asterisk is taken from Debian's packages into a folder of its own and run through its own loader, so nothing is
installed on the host and the host's libraries do not matter (FACTS).
"""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import TelephonyError
from ivr.privileges import closed_folder, hand_over, is_root, run_as

SAFE_VERSIONS = {20: (20, 20, 1), 22: (22, 10, 1), 23: (23, 4, 1)}  # FACTS: below these, known holes
ASK_TIMEOUT_S = 10
EXTRACT_TIMEOUT_S = 900
SPACE_NEEDED_MB = 600


@dataclass(frozen=True, slots=True)
class Program:
    """How to run one Asterisk."""

    argv: tuple[str, ...]
    modules_dir: Path
    data_dir: Path

    def version(self) -> tuple[int, ...]:
        done = subprocess.run([*self.argv, "-V"], capture_output=True, text=True, timeout=ASK_TIMEOUT_S, check=False)
        found = re.search(r"Asterisk (\d+)\.(\d+)\.(\d+)", done.stdout)
        if not found:
            raise TelephonyError(f"{self.argv[-1]} does not say which Asterisk it is", remedy="Look at IVR_ASTERISK.")
        return tuple(int(part) for part in found.groups())


def find(place: Path) -> Program:
    """The Asterisk at `place`: its program, or the folder it was extracted into. Unsafe versions are refused."""
    program = _extracted(place) if place.is_dir() else _installed(place)
    refuse_unsafe(program.version())
    return program


def refuse_unsafe(version: tuple[int, ...]) -> None:
    least = SAFE_VERSIONS.get(version[0])
    if least is None or version < least:
        known = ", ".join(".".join(map(str, v)) for v in SAFE_VERSIONS.values())
        raise TelephonyError(
            f"Asterisk {'.'.join(map(str, version))} is not safe for a public line",
            remedy=f"Use at least one of {known}, or unset IVR_ASTERISK to let one be brought.",
        )


def _extracted(tree: Path) -> Program:
    loader = next(iter(sorted(tree.glob("usr/lib*/ld-linux-*.so.*"))), None)
    library = next(iter(sorted(tree.glob("usr/lib/*-linux-gnu"))), None)
    program = tree / "usr/sbin/asterisk"
    if loader is None or library is None or not program.exists():
        raise TelephonyError(f"no Asterisk in {tree}", remedy="Remove that folder and run `make up` again.")
    argv = (str(loader), "--library-path", str(library), str(program))
    return Program(argv, library / "asterisk/modules", tree / "usr/share/asterisk")


def _installed(program: Path) -> Program:
    if not program.is_file():
        raise TelephonyError(f"{program} is not there", remedy="Look at IVR_ASTERISK.")
    usr = program.resolve().parent.parent
    modules = next(iter(sorted(usr.glob("lib*/**/asterisk/modules"))), None)
    if modules is None:
        raise TelephonyError(f"no modules found for {program}", remedy="Look at IVR_ASTERISK.")
    data = next((d for d in (usr / "share/asterisk", Path("/var/lib/asterisk")) if d.is_dir()), usr)
    return Program((str(program),), modules, data)


def bring(tree: Path, mirror: str, uid: int, tell: Callable[[str], None]) -> None:
    """Extract Debian's Asterisk into `tree`. Whole or not at all: it is renamed into place at the end."""
    if shutil.disk_usage(tree.parent).free < SPACE_NEEDED_MB * 2**20:
        raise TelephonyError(
            f"less than {SPACE_NEEDED_MB} MB free for the switch", remedy=f"Make room in {tree.parent}."
        )
    partial = tree.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with _staging(tree, uid) as staging:
        tell("fetching Asterisk from Debian's packages")
        _extract(staging, mirror, uid)
        shutil.move(staging / "root", partial)
    partial.rename(tree)


@contextmanager
def _staging(tree: Path, uid: int) -> Iterator[Path]:
    """A folder that `uid` can work in, gone afterwards. Beside `tree`, or, where gpg could not go there, in /var/tmp:
    gpg gives up the right to read past closed folders that `run_as` leaves it.
    """
    place = Path("/var/tmp") if is_root() and closed_folder(tree) else tree.parent  # noqa: S108  made private below
    with tempfile.TemporaryDirectory(prefix="asterisk-", dir=place) as name:
        (Path(name) / "tmp").mkdir()
        hand_over(Path(name), uid)
        yield Path(name)


def _extract(partial: Path, mirror: str, uid: int) -> None:
    argv = ["mmdebstrap", "--quiet", "--mode=chrootless", "--variant=extract", "--include=asterisk"]
    argv += ['--aptopt=Acquire::Check-Valid-Until "false"', "sid", str(partial / "root"), mirror]
    home = {"HOME": str(partial / "tmp"), "TMPDIR": str(partial / "tmp"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    try:
        done = subprocess.run(
            run_as(uid, argv, partial),
            env=home,
            capture_output=True,
            text=True,
            timeout=EXTRACT_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            cwd=partial,
            check=False,
        )
    except FileNotFoundError as error:
        raise TelephonyError("mmdebstrap is not installed", remedy="Run `make up`, which installs it.") from error
    except subprocess.TimeoutExpired as error:
        raise TelephonyError(
            "Debian's packages did not arrive in time", remedy="Look at the network, try again."
        ) from error
    if done.returncode:
        last = "; ".join(done.stderr.strip().splitlines()[-3:])
        raise TelephonyError(
            f"Asterisk could not be fetched: {last}",
            remedy="Look at the network and at IVR_DEBIAN_MIRROR, then run `make up` again: nothing half-done is left.",
        )


def debian_mirror(sources: Path = Path("/etc/apt")) -> str:
    """The Debian archive that this machine's own apt uses. Raises TelephonyError when it has none."""
    files = [sources / "sources.list", *sorted((sources / "sources.list.d").glob("*"))]
    for file in files:
        text = file.read_text(errors="replace") if file.is_file() else ""
        found = re.search(r"^(?:deb |URIs:)\s*(?:\[[^]]*\]\s*)?(\S+/debian/?)(?:\s|$)", text, re.MULTILINE)
        if found:
            return found[1]
    raise TelephonyError(
        "this machine's apt knows no Debian archive", remedy="Set IVR_DEBIAN_MIRROR to the address of one (see README)."
    )


def ask(program: Program, conf: Path, command: str) -> str:
    """What the running switch answers to one console command. Raises TelephonyError when it is away."""
    argv = [*program.argv, "-C", str(conf), "-rx", command]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=ASK_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise TelephonyError(
            "the switch does not answer its console", remedy="Run `make down`, then `make up`."
        ) from error
    if done.returncode or "Unable to connect" in done.stdout + done.stderr:
        raise TelephonyError("the switch is not running", remedy="Run `make up`.")
    return done.stdout


def answers_sip(address: str, port: int, timeout_s: float = 1.0) -> bool:
    """Whether something answers a SIP OPTIONS (RFC 3261, 11) there. Any final answer will do."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout_s)
        sock.connect((address, port))
        own = "{}:{}".format(*sock.getsockname())
        tag = secrets.token_hex(6)
        try:
            sock.send(_options(address, port, own, tag).encode())
            return sock.recv(4096).startswith(b"SIP/2.0")
        except OSError:
            return False


def _options(address: str, port: int, own: str, tag: str) -> str:
    lines = (
        f"OPTIONS sip:116111@{address}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {own};branch=z9hG4bK{tag}",
        f"From: <sip:check@{own}>;tag={tag}",
        f"To: <sip:116111@{address}>",
        f"Call-ID: {tag}@{own}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:check@{own}>",
        "Max-Forwards: 70",
        "Content-Length: 0",
    )
    return "\r\n".join(lines) + "\r\n\r\n"
