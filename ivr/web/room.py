"""What most pages of the site stand on. Each kind of page is a class of its own, with its routes in `router`."""

from __future__ import annotations

from ivr.settings import Settings
from ivr.web.entrance import Entrance
from ivr.web.pages import Pages


class Room:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance) -> None:
        self._settings, self._pages, self._entrance = settings, pages, entrance
