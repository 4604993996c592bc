"""What a form sends: fields of text, few and short, or one sound. More than that is refused before it is read."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY = 64 * 1024
LONGEST = (("/prompts/", 12 * 1024 * 1024 + LONGEST_BODY), ("/menus/new", 1024 * 1024))
"""Where more is sent, by the beginning of the path: a minute read in a studio; a file of menus."""
MOST_FIELDS = 100
NO_MORE = {"Connection": "close"}  # or the rest would be read, and thrown away


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
    """Outside the application: whatever is sent, it reads no more than LONGEST_BODY, or what LONGEST says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        had, longest = 0, _longest(scope)

        async def limited() -> Message:
            nonlocal had
            message = await receive()
            had += len(message.get("body", b""))
            if had > longest:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers=NO_MORE)
            return message

        await self._app(scope, limited, send)


def _longest(scope: Scope) -> int:
    path = scope.get("path", "")
    return next((size for begins, size in LONGEST if path.startswith(begins)), LONGEST_BODY)
