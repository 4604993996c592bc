"""Headers that every answer carries. No script and no style in a page itself, nothing from elsewhere, no frames."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "font-src 'self'; img-src 'self'; media-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), display-capture=(), geolocation=(), payment=(), usb=(), "
    "serial=(), bluetooth=(), midi=()",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser names no origin of a form, not even our own
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Cache-Control": "no-store",
}
ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


class Shield:
    """Outside everything, the page of a failure included. What an answer says itself about keeping it stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), HEADERS | (ONLY_HTTPS if scope.get("scheme") == "https" else {}))
            await send(message)

        await self._app(scope, receive, shielded)


class Packed:
    """Scripts and styles go compressed. Pages do not: what they hold must not be guessed from their length (BREACH)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._packing = app, GZipMiddleware(app, minimum_size=1024)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_text = path.startswith("/static/") and path.endswith((".js", ".css"))
        await (self._packing if is_text else self._app)(scope, receive, send)


def _add(headers: MutableHeaders, told: Mapping[str, str]) -> None:
    for name, value in told.items():
        headers.setdefault(name, value)
