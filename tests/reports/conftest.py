"""A database that is ready, of either kind."""

from __future__ import annotations

from tests.records.conftest import database  # noqa: F401  a fixture
