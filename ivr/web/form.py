"""What a form sends: fields of text, few and short, or one sound. More than that, or slower, is refused."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY = 64 * 1024
LONGEST = (("/prompts/", 12 * 1024 * 1024 + LONGEST_BODY), ("/menus/new", 1024 * 1024))
"""Where more is sent, by the beginning of the path: a minute read in a studio; a file of menus."""
MOST_FIELDS = 100
NO_MORE = {"Connection": "close"}  # or the rest would be read, and thrown away
BODY_S = 60.0
"""How long the whole of a body may take, however it trickles in."""


async def read(request: Request, files: int = 0) -> dict[str, str]:
    """The fields, each once; more files are refused. May be asked for again. Raises HTTPException 400 or 413."""
    sent = await request.form(max_files=files, max_fields=MOST_FIELDS)
    return {name: value for name, value in sent.items() if isinstance(value, str)}


async def read_lists(request: Request) -> dict[str, tuple[str, ...]]:
    """The fields, each as often as it was sent, what is empty left out. Raises HTTPException 400 or 413."""
    sent = await request.form(max_files=0, max_fields=MOST_FIELDS)
    found: dict[str, tuple[str, ...]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str) and value:
            found[name] = (*found.get(name, ()), value)
    return found


class Limit:
    """Outside the application: it reads no more than LONGEST_BODY, or what LONGEST says, and no longer than BODY_S."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _has_two_ends(scope):
            refused = Response(status_code=HTTPStatus.BAD_REQUEST, headers={"Connection": "close"})
            return await refused(scope, receive, send)
        limited = _Limited(receive, _longest(scope)) if scope["type"] == "http" else receive
        return await self._app(scope, limited, send)


class _Limited:
    """What comes after the body says that the reader has gone, and is waited for as long as the answer takes."""

    def __init__(self, receive: Receive, longest: int) -> None:
        self._receive, self._longest, self._had, self._whole = receive, longest, 0, False
        self._until = asyncio.get_running_loop().time() + BODY_S

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
        self._had += len(message.get("body", b""))
        if self._had > self._longest:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers=NO_MORE)
        self._whole = not message.get("more_body", False)
        return message


def _has_two_ends(scope: Scope) -> bool:
    """A body of which a server in front could take another end for the end than we do (RFC 9112, 6.3)."""
    return {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope.get("headers", ())}


def _longest(scope: Scope) -> int:
    path = scope.get("path", "")
    return next((size for begins, size in LONGEST if path.startswith(begins)), LONGEST_BODY)
