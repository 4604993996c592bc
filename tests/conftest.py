"""For every test: the shipped flow, and examples that may take their time."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from ivr.flow.script import Script, parse

PROJECT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def script() -> Script:
    return parse((PROJECT / "ivr/flow/helpline.toml").read_text())
