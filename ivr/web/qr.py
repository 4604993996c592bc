"""A QR code as part of the page: no file, no script, no style of its own."""

from __future__ import annotations

import segno
from markupsafe import Markup


def drawn(text: str) -> Markup:
    """An <svg> of black on white in light and dark alike: cameras want it so. The words beside it say what it is."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, border=4, dark="black", light="white", svgclass="qr", lineclass=None))  # noqa: S704  made by us
