"""Everything the line needs before a part can start. Each step looks first and does only what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ivr import studio
from ivr.call import WAS
from ivr.errors import Fault, Said, ScriptError
from ivr.flow import questions
from ivr.flow.questions import Questions
from ivr.flow.script import Script, mark_of, parse
from ivr.privileges import closed_folder, hand_over, is_root, sees_through
from ivr.records import counsellor, database
from ivr.records.keyring import Keyring, open_keyring
from ivr.records.ownership import PRIVATE_FOLDER
from ivr.routing import skills
from ivr.routing.hours import Hours, countries
from ivr.routing.hours_file import parse as parse_hours
from ivr.routing.policy import parse as parse_policy
from ivr.routing.promise import Policy
from ivr.settings import PROJECT_DIR, Settings
from ivr.telephony import guesses, phones, switch, trial, trunk
from ivr.telephony.addresses import ice_hosts
from ivr.telephony.conffile import render

FOLDERS = ("ledger", "database", "messages", "logs", "run", "flow", "sounds", "switch", "asterisk-tree")
SWITCH_FOLDERS = ("etc/dialplan", "lib", "agi-bin", "spool/staging", "spool/outgoing", "run", "data")
CONF_DIR = PROJECT_DIR / "asterisk-conf"
DIALPLAN_DIR = PROJECT_DIR / "dialplan"
MOST_FLOWS = 20  # that are kept for calls which began with them
SYSTEM_SAYS = (Said("No such file or directory"), Said("Permission denied"), Said("Is a directory"))
QUESTIONS_FILE = PROJECT_DIR / "ivr/flow/questions.toml"

Tell = Callable[[str], None]


async def prepare(settings: Settings, tell: Tell) -> None:
    """Make ready to start. Raises HelplineError with what to do; what was done stays and is not done again."""
    make_folders(settings)
    script = take_flow(settings, tell)
    take_policy(settings)
    take_hours(settings)
    program = bring_switch(settings, tell)
    await studio.build(settings, tell)
    tell("looking at the database")
    on_duty = await people(settings)
    keyring = open_keyring(settings.secrets_file, tuple(p.extension for p in on_duty))
    tell("writing the switch's configuration")
    write_conf(settings, script, program, keyring, [_phone(p, keyring) for p in on_duty])
    hand_over(settings.state_dir, settings.run_uid)


def make_folders(settings: Settings) -> None:
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS[:-1]:
        (settings.state_dir / name).mkdir(exist_ok=True)
    settings.messages_dir.chmod(PRIVATE_FOLDER)  # what a child said lies here in the clear until it is sealed
    for name in SWITCH_FOLDERS:
        (settings.switch_dir / name).mkdir(parents=True, exist_ok=True)


def untold(_: str) -> None:
    """For who tells nobody."""


def take_flow(settings: Settings, tell: Tell = untold) -> Script:
    """The flow to open with, kept as the flow in use when it has no fault.

    One that took over on a page and no longer fits, as its prompts are gone, keeps nobody from calling: the file is
    followed. Raises ScriptError with every fault of the file.
    """
    file = flow_file(settings)
    try:
        script = load_flow(settings, file)
    except ScriptError as error:
        if file == settings.helpline_file:
            raise
        tell(f"{error}: {'; '.join(error.problems)}. {settings.helpline_file} is followed instead; see `ivr check`")
        file = settings.helpline_file
        script = load_flow(settings, file)
    keep_flow(settings, file.read_text())
    return script


def flow_file(settings: Settings) -> Path:
    """What the line follows: the flow that took over on a page, as long as there is one; else the file."""
    return settings.flow_of_page if settings.flow_of_page.exists() else settings.helpline_file


def take_policy(settings: Settings) -> Policy:
    """The call-back policy to open with, kept as the one in use. Raises ScriptError with every fault."""
    policy, text = load_policy(settings)
    keep_policy(settings, text)
    return policy


def load_policy(settings: Settings) -> tuple[Policy, str]:
    """The policy in `callbacks_dir`, and its text. Raises ScriptError with every fault."""
    path = settings.callbacks_dir / "policy.toml"
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "is not UTF-8 text")
        raise ScriptError(f"{path}: {reason}", remedy="Look at IVR_CALLBACKS_DIR.") from error
    return parse_policy(text), text


def take_hours(settings: Settings) -> Hours:
    """The opening hours to open with, kept as those in use. Raises ScriptError with every fault."""
    hours, text = load_hours(settings)
    keep_hours(settings, text)
    return hours


def load_hours(settings: Settings) -> tuple[Hours, str]:
    """The hours in `hours_file`, and its text. Raises ScriptError with every fault."""
    try:
        text = settings.hours_file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "is not UTF-8 text")
        raise ScriptError(f"{settings.hours_file}: {reason}", remedy="Look at IVR_HOURS_FILE.") from error
    return parse_hours(text, countries()), text


def load_flow(settings: Settings, file: Path | None = None) -> Script:
    """The flow in `file`: unless told, the one that the line follows. Raises ScriptError with every fault."""
    file = file or flow_file(settings)
    try:
        return parse(file.read_text(), prompt_ids(settings))
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault(_unread(error), str(file))
        raise ScriptError(str(fault), faults=(fault,), remedy="Look at IVR_HELPLINE_FILE.") from error


def _unread(error: OSError | UnicodeDecodeError) -> Said | str:
    if not isinstance(error, OSError):
        return Said("is not UTF-8 text")
    return next((each for each in SYSTEM_SAYS if each.words == error.strerror), str(error.strerror))


def load_questions(settings: Settings) -> Questions:
    """What can be asked in silent talk. Raises ScriptError with every fault."""
    return questions.parse(QUESTIONS_FILE.read_text(), prompt_ids(settings))


def words_of_prompts(settings: Settings) -> dict[str, str]:
    """ "<lang>/<prompt id>" to what is said."""
    catalogue = studio.catalogue(settings)
    return {f"{language.code}/{prompt.id}": prompt.words[language.code].text for language, prompt in catalogue.spoken()}


def keep_flow(settings: Settings, text: str) -> None:
    """As the flow in use; and under its mark, for calls that still run when another takes over."""
    folder = settings.flow_in_use.parent
    write_whole(folder / f"{WAS}{mark_of(text)}.toml", text)
    write_whole(settings.flow_in_use, text)
    newest = sorted(folder.glob(f"{WAS}*.toml"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest[MOST_FLOWS:]:
        path.unlink(missing_ok=True)


def keep_policy(settings: Settings, text: str) -> None:
    write_whole(settings.policy_in_use, text)


def keep_hours(settings: Settings, text: str) -> None:
    write_whole(settings.hours_in_use, text)


def write_whole(path: Path, text: str) -> None:
    """So that door 2 never reads half of it."""
    partial = path.with_suffix(".new")
    partial.write_text(text)
    partial.replace(path)


def prompt_ids(settings: Settings) -> frozenset[str]:
    """Every prompt that has words. Raises ScriptError when the catalogue is faulty."""
    return studio.catalogue(settings).ids


def bring_switch(settings: Settings, tell: Tell) -> switch.Program:
    place = settings.asterisk or settings.state_dir / "asterisk"
    if settings.asterisk is None and not place.exists():
        switch.bring(place, settings.debian_mirror or switch.debian_mirror(), settings.run_uid, tell)
    return switch.find(place)


async def people(settings: Settings) -> tuple[counsellor.Counsellor, ...]:
    """The counsellors who answer; the tables are brought up to date first."""
    async with database.opened(settings.database) as known, known.reading() as unit:
        return tuple(person for person in await counsellor.all(unit) if person.active)


def _phone(person: counsellor.Counsellor, keyring: Keyring) -> phones.Phone:
    password = keyring.phones[person.extension]
    return phones.Phone(person.extension, person.name, person.languages, password, person.rings_out)


def write_conf(
    settings: Settings, script: Script, program: switch.Program, keyring: Keyring, known: list[phones.Phone]
) -> None:
    """asterisk-conf/ and dialplan/, rendered into the switch's own folder, readable by its user alone."""
    etc = settings.switch_dir / "etc"
    values = conf_values(settings, script, program) | {
        "AMI_SECRET": keyring.ami,
        "GUARD_SECRET": guesses.secret(keyring.ami),
    }
    carrier = carriers_trunk(settings)
    files = {path.name: render(path.read_text(), values, path.name) for path in CONF_DIR.glob("*.conf")}
    files |= {f"dialplan/{path.name}": path.read_text() for path in DIALPLAN_DIR.glob("*.conf")}
    files |= {
        "globals_mobiles.conf": trunk.mobiles_conf(on_call(settings)),
        "rtp_addresses.conf": ice_hosts(settings.bind_address),
        "extensions_outside.conf": trunk.outside_conf(settings.ring_out_numbers),
        "pjsip_trunk.conf": trunk.trunk_conf(carrier, settings.bind_address),
        "pjsip_trial.conf": trial.account(keyring.ami, script.number, settings.own_address, settings.sip_port),
    } | _phone_files(settings, script, known)
    for name, text in files.items():
        _write_private(etc / name, text)
    _link(settings.switch_dir / "data/documentation", program.data_dir / "documentation")
    _link(settings.switch_dir / "data/sounds", settings.sounds_dir)


async def write_phones(settings: Settings) -> None:
    """The accounts of phones, and the queues, as the rows are now; for a switch that reads them again."""
    on_duty = await people(settings)
    keyring = open_keyring(settings.secrets_file, tuple(p.extension for p in on_duty))
    script = parse(settings.flow_in_use.read_text(), prompt_ids(settings))
    for name, text in _phone_files(settings, script, [_phone(p, keyring) for p in on_duty]).items():
        _write_private(settings.switch_dir / "etc" / name, text)


def _phone_files(settings: Settings, script: Script, known: list[phones.Phone]) -> dict[str, str]:
    return {
        "pjsip_phones.conf": phones.accounts(known, behind_nat=not settings.bind_address.startswith("127.")),
        "queues_counsellors.conf": phones.queues(known, skills.needs(script.queues)),
    }


def conf_values(settings: Settings, script: Script, program: switch.Program) -> dict[str, str]:
    """What the @FIELDS@ of asterisk-conf/ stand for."""
    greeting = script.menus[script.start].prompts
    return {
        "SWITCH_DIR": str(settings.switch_dir),
        "MODULES_DIR": str(program.modules_dir),
        "DATA_DIR": str(settings.switch_dir / "data"),
        "SYSTEM_NAME": "hl",
        "LOG_DIR": str(settings.logs_dir),
        "SOUNDS_DIR": str(settings.sounds_dir),
        "LEDGER_FILE": str(settings.ledger_file),
        "AGI_SCRIPT": str(PROJECT_DIR / ".venv/bin/ivr-agi"),
        "BIND_ADDRESS": settings.bind_address,
        "SIP_PORT": str(settings.sip_port),
        "FASTAGI_PORT": str(settings.fastagi_port),
        "AMI_PORT": str(settings.ami_port),
        "ASTERISK_HTTP_PORT": str(settings.asterisk_http_port),
        "RTP_FIRST_PORT": str(settings.rtp_first_port),
        "RTP_LAST_PORT": str(settings.rtp_last_port),
        "PATIENCE_S": f"{settings.patience_s:g}",
        "NUMBER": script.number,
        "DEFAULT_LANGUAGE": script.default_language,
        "GREETING": "&".join(f"helpline/{prompt}" for prompt in greeting),
        "WAIT_S": f"{settings.wait_s:g}",
        "MESSAGES": str(settings.messages_dir),
        "MOBILES": on_call(settings).places,
        "MOBILES_RING": settings.oncall_ring,
        "MOBILES_S": str(on_call(settings).longest_s),
        "MOBILES_LANGUAGE": settings.oncall_language,
        "QUESTIONS": load_questions(settings).packed,
    }


def on_call(settings: Settings) -> trunk.OnCall:
    """The mobiles on call: nobody's without a trunk."""
    numbers = settings.oncall_numbers if settings.trunk_host else ()
    return trunk.OnCall(numbers, settings.oncall_ring == "one_by_one")


def carriers_trunk(settings: Settings) -> trunk.Trunk | None:
    if not settings.trunk_host:
        return None
    return trunk.Trunk(
        host=settings.trunk_host,
        port=settings.trunk_port,
        transport=settings.trunk_transport,
        addresses=settings.trunk_addresses,
        register=settings.trunk_register,
        username=settings.trunk_username,
        password=settings.trunk_password.get_secret_value(),
        codecs=settings.trunk_codecs,
        numbers=settings.trunk_numbers,
        srtp=settings.trunk_srtp,
    )


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() or link.exists():
        link.unlink()
    link.symlink_to(target)


def places(settings: Settings) -> tuple[Path, ...]:
    """Folders in which the parts must be able to go: state, program, switch, and what they are given to follow."""
    given = (
        settings.helpline_file.parent,
        settings.hours_file.parent,
        settings.recordings_dir,
        settings.callbacks_dir,
        settings.asterisk,
    )
    return (settings.state_dir, PROJECT_DIR / ".venv", PROJECT_DIR / "ivr", *(place for place in given if place))


def warning_of_closed_folder(settings: Settings) -> str:
    """What root should know when something lies where the parts cannot go as they should; else empty."""
    closed = next(filter(None, map(closed_folder, places(settings))), None) if is_root() else None
    if closed is None or sees_through():
        return ""
    return f"{closed} may be entered by root alone, and this machine allows no view past it: door 2 stays shut"
