"""What a form sends: fields of text, few and short. More than that is refused before it is read."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY = 64 * 1024
MOST_FIELDS = 100


async def read(request: Request) -> dict[str, str]:
    """The fields, each once; files are none. May be asked for again. Raises HTTPException 400 or 413."""
    sent = await request.form(max_files=0, max_fields=MOST_FIELDS)
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
    """Outside the application: whatever is sent, it reads no more than LONGEST_BODY."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        had = 0

        async def limited() -> Message:
            nonlocal had
            message = await receive()
            had += len(message.get("body", b""))
            if had > LONGEST_BODY:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, limited, send)
