"""Styles, scripts and letters. Their address names what all of them say, so a browser keeps them and never asks again.

Scripts and the style name each other by their place beside them: who came by an edition stays in it.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.staticfiles import StaticFiles

from ivr.web.permission import Permission, allow

STATIC_DIR = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
ASKS_AGAIN = "no-cache"  # kept, and asked for again by its ETag


def edition(folder: Path = STATIC_DIR) -> str:
    """Another one as soon as any file says something else."""
    told = sha256()
    for file in sorted(folder.iterdir()):
        told.update(file.name.encode() + b"\0" + sha256(file.read_bytes()).digest())
    return told.hexdigest()[:16]


EDITION = edition()


def static_router() -> APIRouter:
    """An address of another edition gives the file of this one: a page from before an upgrade is still drawn."""
    files = StaticFiles(directory=STATIC_DIR)

    async def give_file(request: Request, name: str, edition: str = "") -> Response:
        answer = await files.get_response(name, request.scope)
        answer.headers["Cache-Control"] = FOR_EVER if edition == EDITION else ASKS_AGAIN
        return answer

    made = APIRouter()
    declared = [allow(Permission.ANYBODY)]
    made.add_api_route("/static/{name}", give_file, methods=["GET", "HEAD"], dependencies=declared)
    made.add_api_route("/static/{edition}/{name}", give_file, methods=["GET", "HEAD"], dependencies=declared)
    return made
