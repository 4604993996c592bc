"""Fixtures for every test: the shipped flow, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.flow.script import Script, parse

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def script() -> Script:
    return parse((PROJECT / "ivr/flow/helpline.toml").read_text())
