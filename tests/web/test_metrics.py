"""The line in numbers: for this machine alone, and nothing of a caller in it."""

from __future__ import annotations

import re

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ivr.web.metrics import FORWARDED, all_names
from tests.web.house import House


async def ask(house: House, address: str = "127.0.0.1", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(house.site(), client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get("/metrics", headers=headers)


async def test_numbers_are_told_in_the_form_of_prometheus(house: House) -> None:
    answer = await ask(house)
    assert answer.status_code == 200
    found = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert found["helpline_open"].samples[0].value == 0
    assert {s.labels["door"] for s in found["helpline_doors_today"].samples} == {"1", "2", "3"}
    assert found["helpline_time_to_human_seconds"].type == "histogram"
    assert found.keys() <= all_names()


async def test_labels_are_words_of_ours(house: House) -> None:
    told = (await ask(house)).text
    labels = set(re.findall(r'(\w+)="', told))
    assert labels == {"state", "part", "standing", "outcome", "door", "presence", "le"}
    values = set(re.findall(r'="([^"]*)"', told))
    assert all(re.fullmatch(r"[a-z_]{2,30}|[0-9.]{1,5}|\+Inf", value) for value in values)


@pytest.mark.parametrize("name", FORWARDED)
async def test_not_through_a_server_in_front(house: House, name: str) -> None:
    assert (await ask(house, **{name: "127.0.0.1"})).status_code == 403


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", ""])
async def test_not_from_elsewhere(house: House, address: str) -> None:
    assert (await ask(house, address)).status_code == 403
