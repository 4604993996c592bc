"""A copy of the project in a folder of its own, in which protections are taken out and put back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from xml.etree import ElementTree

from tests.conftest import PROJECT
from tests.taken_out.protection import Out

LIMIT_S = 600.0
BROUGHT = ("var/asterisk", "var/sounds")
NO_PROGRAM = ("SyntaxError", "IndentationError", "NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError")


class Tree:
    """Use as `with Tree() as tree`. Nothing in it leads back to the project: what runs there is the copy."""

    def __enter__(self) -> Tree:
        self.root = Path(tempfile.mkdtemp(prefix="taken-out-"))
        self.root.chmod(0o755)  # the line runs as a user of its own
        for name in _tracked():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, self.root / name)
        for name in (".venv", *BROUGHT):
            if (PROJECT / name).exists():
                shutil.copytree(PROJECT / name, self.root / name, symlinks=True, copy_function=_link)
        _lead_here(self.root)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    @contextmanager
    def without(self, out: Sequence[Out]) -> Iterator[None]:
        were = {each.file: (self.root / each.file).read_text() for each in out}
        try:
            for each in out:
                file = self.root / each.file
                if file.read_text().count(each.take) != 1:
                    raise SystemExit(f"{each.file} does not say this once: {each.take}")
                file.write_text(file.read_text().replace(each.take, each.put, 1))
            yield
        finally:
            for name, text in were.items():
                (self.root / name).write_text(text)

    def failed(self, tests: Sequence[str]) -> tuple[dict[str, str], str]:
        """Those of `tests` that were run and failed, with the first line of how; and the end of what was said.

        What fails because the change itself is no program has shown nothing, and is not among them.
        """
        report = self.root / "report.xml"
        report.unlink(missing_ok=True)
        printed, complained = self._run("pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests)
        found = _failures(report) if report.exists() else {}
        how = {test: found[_named(test)] for test in tests if _named(test) in found}
        return how, printed[-1500:] + complained[-500:]

    def not_borne(self, faults: Sequence[str]) -> tuple[dict[str, str], str]:
        """Those of `faults` that `make chaos` says were not borne, each with why; and the end of what it said."""
        told = {fault: self._run("tests.chaos", "--json", "--only", fault) for fault in faults}
        how = {fault: _wrong(printed) for fault, (printed, _) in told.items()}
        said = "\n".join(printed[-1500:] + complained[-500:] for printed, complained in told.values())
        return {fault: wrong for fault, wrong in how.items() if wrong}, said

    def _run(self, module: str, *words: str) -> tuple[str, str]:
        """What it printed, and what it complained of."""
        command = [str(self.root / ".venv/bin/python"), "-m", module, *words]
        environment, pipe = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, subprocess.PIPE
        with subprocess.Popen(command, cwd=self.root, env=environment, stdout=pipe, stderr=pipe, text=True) as running:
            try:
                return running.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                pass
            finally:
                if running.poll() is None:
                    running.send_signal(signal.SIGINT)  # so that it closes the line that it has opened
            return running.communicate()


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if (PROJECT / name).is_file()]


def _link(source: str, target: str) -> None:
    """A second name for the same file: nothing is changed in place there."""
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)


def _lead_here(root: Path) -> None:
    """The programs and the import paths of the copied environment name the project's folder; now they name this one."""
    site = next((root / ".venv/lib").glob("python*/site-packages"))
    for file in (*(root / ".venv/bin").iterdir(), root / ".venv/pyvenv.cfg", *site.glob("__editable__*")):
        if file.is_symlink() or not file.is_file():
            continue
        was = file.read_bytes()
        if str(PROJECT).encode() in was:
            mode = file.stat().st_mode
            file.unlink()
            file.write_bytes(was.replace(str(PROJECT).encode(), str(root).encode()))
            file.chmod(mode)


def _failures(report: Path) -> dict[str, str]:
    """How each failed, by its name with its case and without."""
    found = dict[str, str]()
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314  pytest has just written it
        failure = case.find("failure")
        how = "" if failure is None else str(failure.get("message")).partition("\n")[0]
        if how and not how.startswith(NO_PROGRAM):
            name = f"{case.get('classname')}.{case.get('name')}"
            found[name] = found[name.partition("[")[0]] = how
    return found


def _wrong(printed: str) -> str:
    """Why a fault was not borne; empty where it was. Only what was told to the end can be told not to be."""
    faults = json.loads(printed)["faults"] if printed.startswith("{") else []
    return "; ".join(wrong for fault in faults for wrong in fault["wrong"])


def _named(test: str) -> str:
    """`tests/a/test_b.py::test_c` as a report names it; `test_c[words]` is one of its cases."""
    file, _, name = test.partition("::")
    return f"{file.removesuffix('.py').replace('/', '.')}.{name}"
