"""The certificate that phones on desks are shown: made, taken over, kept, and never in the way of a line that opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr import desk_tls
from ivr.check import check
from ivr.settings import Settings
from ivr.telephony import certificate
from ivr.telephony.certificate import LASTS, Certificate

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def own(tmp_path: Path, told: list[str]) -> Any:
    """`own(now=…, **settings)`: the line opens, and this is what phones are shown then."""

    def take(now: datetime = NOW, **settings: Any) -> Certificate:
        desk_tls.take(line(tmp_path, **settings), now, told.append)
        shown = desk_tls.in_place(line(tmp_path, **settings))
        assert shown
        return shown

    return take


def line(place: Path, **settings: Any) -> Settings:
    return Settings(state_dir=place, **{"sip_tls_port": 5061, **settings})


def written(place: Path, names: tuple[str, ...] = ("line.example",)) -> dict[str, Path]:
    place.mkdir(exist_ok=True)
    paths = {"sip_tls_certificate": place / "given.crt", "sip_tls_key": place / "given.key"}
    for path, text in zip(paths.values(), certificate.make(names, NOW), strict=True):
        path.write_bytes(text)
    return paths


def of(settings: Settings) -> list[str]:
    return [f"{each.well} {each.soon} {each.detail}" for each in check(settings, NOW) if each.what == "encryption"]


def test_nothing_is_made_where_it_is_not_offered(tmp_path: Path) -> None:
    desk_tls.take(line(tmp_path, sip_tls_port=0), NOW, print)
    assert list(tmp_path.iterdir()) == []


def test_one_is_made_for_this_address_and_stays(own: Any, tmp_path: Path) -> None:
    made = own()
    assert "127.0.0.1" in made.names
    assert own(NOW + timedelta(days=3000)) == made
    kept = (tmp_path / "tls", tmp_path / "tls/phones.key", tmp_path / "tls/phones.crt")
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o700, 0o600, 0o600]


def test_it_is_made_anew_a_year_before_it_ends_and_for_another_address(own: Any) -> None:
    made = own()
    anew = own(NOW + LASTS - timedelta(days=364))
    assert anew.ends - made.ends > timedelta(days=3000)
    assert own(bind_address="192.0.2.7").names == {"192.0.2.7", "127.0.0.1"}


@pytest.mark.parametrize("spoilt", ["phones.crt", "phones.key"])
def test_what_cannot_be_read_is_made_anew(own: Any, tmp_path: Path, spoilt: str) -> None:
    made = own()
    (tmp_path / "tls" / spoilt).write_text("rubbish")
    assert own() != made


def test_one_that_is_given_is_taken_over_and_one_that_was_taken_back_is_shown_no_more(own: Any, tmp_path: Path) -> None:
    given = written(tmp_path / "given")
    assert own(**given).names == {"line.example"}
    given |= written(tmp_path / "given", ("new.example",))
    assert own(**given).names == {"new.example"}
    ca = b"".join(path.read_bytes() for path in given.values())
    (tmp_path / "both.pem").write_bytes(ca)
    assert own(sip_tls_certificate=tmp_path / "both.pem").names == {"new.example"}


@pytest.mark.parametrize("fault", ["missing", "rubbish", "another's key"])
def test_of_no_use_leaves_the_one_before_or_one_is_made_and_says_why(
    own: Any, tmp_path: Path, told: list[str], fault: str
) -> None:
    given = written(tmp_path / "given")
    was = own(**given)
    if fault == "missing":
        given["sip_tls_key"].unlink()
    elif fault == "rubbish":
        given["sip_tls_certificate"].write_text("rubbish")
    else:
        given["sip_tls_key"].write_bytes(certificate.make(("x",), NOW)[1])
    assert own(**given) == was
    assert str(tmp_path / "given") in told[-1]
    (tmp_path / "tls/phones.crt").unlink()
    assert own(**given).own
    (found,) = of(line(tmp_path, **given))
    assert found.startswith("False False")


def test_a_new_one_that_is_not_taken_over_yet_is_told_of(own: Any, tmp_path: Path) -> None:
    given = written(tmp_path / "given")
    own(**given)
    assert of(line(tmp_path, **given))[0].startswith("True False phones by TLS on port 5061")
    written(tmp_path / "given", ("new.example",))
    assert of(line(tmp_path, **given))[0].startswith("True True")


def test_asked_for_and_not_offered_is_told(tmp_path: Path) -> None:
    assert of(line(tmp_path, sip_tls_port=0)) == []
    assert of(line(tmp_path, sip_tls_port=0, encrypted_phones="all"))[0].startswith("False False IVR_ENCRYPTED_PHONES")


def test_where_nobody_answers_nothing_is_served(tmp_path: Path) -> None:
    assert desk_tls.served(line(tmp_path, sip_tls_port=1)) is None


def test_a_line_that_opened_without_tls_or_with_another_certificate_says_so(tmp_path: Path) -> None:
    assert desk_tls.warning(line(tmp_path, sip_tls_port=0)) == ""
    assert "port 1 " in desk_tls.warning(line(tmp_path, sip_tls_port=1))
    given = written(tmp_path / "given")
    given["sip_tls_key"].write_text("rubbish")
    assert "given.crt: the key is no private key" in desk_tls.warning(line(tmp_path, **given))
