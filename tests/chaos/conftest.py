"""The switch is brought as for the live stories."""

from tests.live.conftest import switch_there

__all__ = ["switch_there"]
