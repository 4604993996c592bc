"""Every setting, in one class. Names in the environment begin with IVR_; nothing needs to be set."""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parent.parent

Port = Annotated[int, Field(ge=1, le=65535)]
Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Settings of one line. Paths are absolute; every number has its unit in its name."""

    model_config = SettingsConfigDict(
        env_prefix="IVR_", frozen=True, extra="ignore", secrets_dir=os.environ.get("IVR_SECRETS_DIR")
    )

    # where
    state_dir: Path = Field(
        PROJECT_DIR / "var", description="Everything the line keeps: database, secrets, ledger, logs, the switch"
    )
    helpline_file: Path = Field(PROJECT_DIR / "ivr/flow/helpline.toml", description="The menus")
    hours_file: Path = Field(PROJECT_DIR / "ivr/routing/hours.toml", description="When the line is open")
    recordings_dir: Path = Field(PROJECT_DIR / "recordings", description="Words and studio recordings of the prompts")
    callbacks_dir: Path = Field(
        PROJECT_DIR / "callbacks", description="How promises to ring back are kept: policy.toml"
    )
    piper_voice_az: Path | None = Field(None, description="A Piper voice file for the az prompts; none: espeak-ng")
    piper_voice_ru: Path | None = Field(None, description="The same for ru")
    piper_voice_en: Path | None = Field(None, description="The same for en")
    database_url: str = Field(
        "", description="Where rows are kept, as in postgresql://…; empty: SQLite in the state folder"
    )

    # in containers
    parts: Words = Field((), description="Which parts are kept here, the others elsewhere; empty: all, as it should be")
    secrets_dir: Path | None = Field(
        None, description="A folder of files, each the value of the setting it is named for: a container's secrets"
    )

    # the switch
    asterisk: Path | None = Field(
        None, description="Another Asterisk: its program, or the folder it was extracted into"
    )
    debian_mirror: str = Field(
        "", description="Where Debian's packages come from; empty: this machine's own apt source"
    )
    run_uid: Annotated[int, Field(ge=1, le=2**31)] = Field(
        61611, description="User number the line runs as when it is opened by root; no account is made for it"
    )

    # ports
    bind_address: str = Field("127.0.0.1", description="Address of SIP and RTP; a carrier's trunk needs a real one")
    sip_port: Port = Field(5060, description="SIP, UDP")
    web_port: Port = Field(8116, description="Web pages, on loopback")
    fastagi_port: Port = Field(4573, description="Door 1: the program, on loopback")
    ami_port: Port = Field(5038, description="The switch's manager interface (AMI), on loopback")
    asterisk_http_port: Port = Field(8088, description="The switch's door for telephones in pages, on loopback")
    rtp_first_port: Port = Field(10000, description="First of 1,000 ports for sound")

    # the caller's time
    patience_s: Annotated[float, Field(ge=1, le=3.5)] = Field(
        3.0, description="How long the switch waits for the program's next word before it opens the next door"
    )
    heartbeat_limit_s: Annotated[float, Field(ge=0.5, le=30)] = Field(
        2.0, description="A program whose event loop has not answered for so long is killed and started again"
    )

    # the wait for a person
    wait_s: Annotated[float, Field(ge=20, le=600)] = Field(
        100, description="How long a caller waits before the mobiles are rung and a call-back or a message is offered"
    )
    wrap_up_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        120, description="How long a counsellor is left in peace after a call; a caller who waits long comes before it"
    )

    # the line tries itself out
    test_call_every_min: Annotated[float, Field(ge=0, le=1440)] = Field(
        15, description="How often the line calls itself, to the end of the menus; no counsellor is rung; 0: never"
    )

    # who guesses telephones' passwords
    guess_limit: Annotated[int, Field(ge=0, le=1000)] = Field(
        20,
        description="So many wrong passwords of telephones from one address in a minute, and it is refused; 0: never",
    )
    guess_refused_s: Annotated[float, Field(ge=5, le=86_400)] = Field(300, description="For how long it is refused")
    guess_spared: Words = Field(
        (), description="Addresses or networks that are never refused for it, as that of an office"
    )

    # the live board and the reports
    board_wait_attention_s: Annotated[float, Field(ge=1)] = Field(
        20, description="A caller who has waited so long is marked on the live board"
    )
    board_wait_danger_s: Annotated[float, Field(ge=1)] = Field(60, description="The same, in red")
    service_level_s: Annotated[float, Field(ge=1)] = Field(
        20, description="Within which time a caller should have a person"
    )
    service_level_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        80, description="For how many of the callers that should be so"
    )

    # the carrier's trunk; without a host only loopback may call
    trunk_host: str = Field("", description="The carrier's SIP host; empty: no trunk")
    trunk_port: Port = Field(5060, description="The carrier's SIP port")
    trunk_transport: Literal["udp", "tcp", "tls"] = Field("udp", description="How SIP travels to the carrier")
    trunk_addresses: Words = Field((), description="Addresses or networks calls come from; empty: the host's own")
    trunk_register: bool = Field(False, description="Whether the line registers with the carrier")
    trunk_username: str = Field("", description="Account with the carrier")
    trunk_password: SecretStr = Field(SecretStr(""), description="Password with the carrier")
    trunk_codecs: Words = Field(("alaw", "ulaw"), description="Codecs, best first")
    trunk_numbers: Words = Field((), description="Numbers the trunk brings; empty: those of the helpline")
    trunk_srtp: bool = Field(False, description="Whether sound to the carrier is encrypted (SRTP, keys by SDES)")
    oncall_numbers: Words = Field(
        (), description="Mobiles of counsellors on call, rung over the trunk when nobody answers"
    )
    oncall_ring: Literal["all", "one_by_one"] = Field(
        "all", description="Mobiles on call: all at once, or in their order, each for 20 s"
    )
    oncall_language: Literal["az", "ru", "en"] = Field(
        "az", description="Language in which a counsellor on call is asked to press 1"
    )

    # how long what tells of somebody is kept; once a day the line takes away what is older
    keep_numbers_hours: Annotated[float, Field(ge=1, le=720)] = Field(
        24, description="A number to ring back, after the promise was kept; of one withdrawn or lapsed it goes at once"
    )
    keep_callers_days: Annotated[float, Field(ge=1)] = Field(
        730, description="The keyed hash by which a caller is known again, after they last rang"
    )
    keep_texts_years: Annotated[float, Field(gt=0)] = Field(
        3, description="Summaries, exact ages, reasons given; what is counted stays"
    )
    keep_drafts_days: Annotated[float, Field(ge=1)] = Field(30, description="Wrap-ups that were begun and never closed")
    keep_heard_messages_days: Annotated[float, Field(ge=0)] = Field(
        30, description="A message, after somebody listened to it"
    )
    keep_messages_days: Annotated[float, Field(ge=1)] = Field(180, description="A message, heard or not, at most")
    keep_reviews_years: Annotated[float, Field(gt=0)] = Field(
        2, description="What supervisor and counsellor wrote in the review of a talk; the marks stay"
    )
    keep_register_years: Annotated[float, Field(gt=0)] = Field(
        10, description="Notes of the duty-of-care register; its codes stay"
    )
    keep_sessions_days: Annotated[float, Field(ge=1)] = Field(90, description="Sessions, after they ended")
    keep_ledger_days: Annotated[float, Field(ge=2)] = Field(
        60, description="The switch's event log, once it is in the rows; `ivr ledger rebuild` goes back no further"
    )

    ring_out_numbers: Words = Field(
        ("1XX", "0ZXXXXXXXX"), description="What counsellors may ring with *9; X is any digit, Z is 1 to 9"
    )

    @field_validator(
        "parts",
        "trunk_addresses",
        "trunk_codecs",
        "trunk_numbers",
        "oncall_numbers",
        "ring_out_numbers",
        "guess_spared",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("guess_spared")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            ip_network(each, strict=False)
        return value

    @field_validator(
        "state_dir",
        "helpline_file",
        "hours_file",
        "recordings_dir",
        "callbacks_dir",
        "asterisk",
        "piper_voice_az",
        "piper_voice_ru",
        "piper_voice_en",
    )
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.absolute() if value else None

    @property
    def rtp_last_port(self) -> int:
        return self.rtp_first_port + 999

    @property
    def own_address(self) -> str:
        """Where this machine reaches its own SIP."""
        return "127.0.0.1" if self.bind_address == "0.0.0.0" else self.bind_address  # noqa: S104

    @property
    def ledger_file(self) -> Path:
        """The switch appends one JSON line per event; see `asterisk-conf/cel_custom.conf`."""
        return self.state_dir / "ledger" / "cel.jsonl"

    @property
    def database(self) -> str:
        return self.database_url or self.own_database_url

    @property
    def own_database(self) -> Path:
        """The file of SQLite, where no other database is set."""
        return self.state_dir / "database" / "helpline.sqlite3"

    @property
    def own_database_url(self) -> str:
        return f"sqlite+aiosqlite:///{self.own_database}"

    @property
    def secrets_file(self) -> Path:
        return self.state_dir / "secrets.json"

    @property
    def sounds_dir(self) -> Path:
        """What the switch plays: helpline/<lang>/<prompt>.wav and music/hold.wav, made by `ivr prompts build`."""
        return self.state_dir / "sounds"

    @property
    def takes_dir(self) -> Path:
        """Studio recordings that came over a page; they win over those in `recordings_dir`."""
        return self.state_dir / "recordings"

    @property
    def phone_takes_dir(self) -> Path:
        """Prompts that were read by phone and are not in place yet."""
        return self.state_dir / "run" / "takes"

    @property
    def messages_dir(self) -> Path:
        """What callers have said: <id>.wav while it is recorded, <id>.sealed from then on."""
        return self.state_dir / "messages"

    @property
    def switch_dir(self) -> Path:
        return self.state_dir / "switch"

    @property
    def refused_conf(self) -> Path:
        """The switch's list of addresses that are refused; see `asterisk-conf/acl.conf`."""
        return self.switch_dir / "etc" / "acl_refused.conf"

    @property
    def guesses_file(self) -> Path:
        """Who is refused for guessing passwords, and from where right ones came."""
        return self.state_dir / "run" / "guesses.json"

    @property
    def logs_dir(self) -> Path:
        return self.state_dir / "logs"

    @property
    def flow_in_use(self) -> Path:
        """The last flow without faults: what a running line follows, whatever becomes of `helpline_file`."""
        return self.state_dir / "flow" / "helpline.toml"

    @property
    def flow_of_page(self) -> Path:
        """The flow that took over on the page of the menus. While it is there it wins over `helpline_file`."""
        return self.state_dir / "flow" / "page.toml"

    @property
    def flow_on_trial(self) -> Path:
        """What the test call plays."""
        return self.state_dir / "flow" / "trial.toml"

    @property
    def policy_in_use(self) -> Path:
        """The last call-back policy without faults; `callbacks_dir` holds the one to be edited."""
        return self.state_dir / "flow" / "policy.toml"

    @property
    def hours_in_use(self) -> Path:
        """The last opening hours without faults; `hours_file` is the one to be edited."""
        return self.state_dir / "flow" / "hours.toml"

    @property
    def spool_dir(self) -> Path:
        """Where the switch finds call files; see `telephony/callfile.py`."""
        return self.switch_dir / "spool"
