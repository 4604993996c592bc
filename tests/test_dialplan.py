"""The dialplan and the program agree: variables, contexts, applications, queues. Read with pyst2's own reader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ivr.errors import ScriptError
from ivr.flow.questions import ASK, EXPLAIN, KEYS, STOP, Answer, By
from ivr.flow.script import Script
from ivr.routing.priority import BONUS_S, EPOCH_S, HIGHEST_PLACE, Reason
from ivr.routing.skills import OPENS_AT_S, Fit, needs
from ivr.telephony.conffile import plain, read_dialplan, render
from ivr.telephony.phones import Phone, accounts, queues
from ivr.telephony.variables import Global, Variable
from tests.conftest import PROJECT

FILES = sorted((PROJECT / "dialplan").glob("*.conf"))
CONF = PROJECT / "asterisk-conf"
LINES = [line for path in FILES for lines in read_dialplan(path).values() for line in lines]
CONTEXTS = {name for path in FILES for name in read_dialplan(path)}
# Which module brings each application and function that the dialplan uses; the rest are Asterisk's own.
BRINGS = {
    "AGI": "res_agi", "CELGenUserEvent": "app_celgenuserevent", "Dial": "app_dial", "Echo": "app_echo",
    "ExecIf": "app_exec", "Queue": "app_queue", "Playback": "app_playback", "Read": "app_read", "Return": "app_stack",
    "CALLERID": "func_callerid", "CHANNEL": "func_channel", "CHANNEL_EXISTS": "func_channel", "IF": "func_logic",
    "TIMEOUT": "func_timeout", "QUEUE_MEMBER": "app_queue", "FILTER": "func_strings", "LEN": "func_strings",
    "UserEvent": "app_userevent", "AMD": "app_amd", "SoftHangup": "app_softhangup", "Gosub": "app_stack",
    "TryExec": "app_exec", "Record": "app_record", "StoreDTMF": "app_dtmfstore", "CUT": "func_cut", "STAT": "func_env",
    "Originate": "app_originate", "ChanSpy": "app_chanspy", "BridgeAdd": "app_bridgeaddchan",
    "SendDTMF": "app_senddtmf",
    "WaitForNoise": "app_waitforsilence", "WaitForSilence": "app_waitforsilence", "SHARED": "func_global",
    "ChannelRedirect": "app_channelredirect", "MusicOnHold": "res_musiconhold",
    "PJSIP_HEADER": "res_pjsip_header_funcs",
    "DIALPLAN_EXISTS": "func_dialplan", "IMPORT": "func_logic", "MASTER_CHANNEL": "func_channel",
}  # fmt: skip
BUILT_IN = {"Answer", "Background", "Goto", "GotoIf", "Hangup", "MSet", "Set", "Wait", "Bridge"}


def used(pattern: str) -> set[Any]:
    return {found for line in LINES for found in re.findall(pattern, line)}


def test_every_variable_is_listed_and_every_listed_one_is_used() -> None:
    in_dialplan = used(r"HL_[A-Z_0-9]+")
    in_globals = set(re.findall(r"^(HL_[A-Z_0-9]+)=", (CONF / "globals.conf").read_text(), re.MULTILINE))
    assert in_dialplan == {*Variable, *Global}
    assert in_globals == set(Global) - {Global.MOBILE}  # those are rendered, see tests/telephony/test_trunk.py


def test_last_word_of_the_program_is_heard_in_full() -> None:
    """What `ivr/call.py` tells as arguments of decide, in its order."""
    told = "\n".join(LINES)
    names = ("QUEUE", "PRIORITY", "PLACE", "LANGUAGE", "BEFORE", "SHOWN", "SAME", "", "SESSION")
    assert [name for n, name in enumerate(names, 1) if name and f"HL_{name}=${{ARG{n}}}" not in told] == []


def test_place_in_the_queue_is_reckoned_alike_with_and_without_the_program() -> None:
    texts = {path.stem: path.read_text() for path in FILES}
    assert used(r"\[(\d+) - \$\{EPOCH\}") == {str(HIGHEST_PLACE + EPOCH_S)}
    bonuses = {name: set(re.findall(r"HL_PLACE=\$\[[^]]* \+ (\d+)\]", text)) for name, text in texts.items()}
    danger, silent = str(BONUS_S[Reason.DANGER]), str(BONUS_S[Reason.SILENT])
    assert {name: found for name, found in bonuses.items() if found} == {
        "incoming": {danger},
        "queue": {danger},
        "rescue": {danger, silent},
    }


def test_every_goto_leads_to_a_context_that_is_there() -> None:
    targets = used(r"(?:Goto|Gosub)\((\w+),\w+,\w+\)") | used(r"\?(\w+),\w+,\w+[:)]")
    assert targets <= CONTEXTS
    assert targets


def test_every_label_is_there() -> None:
    for path in FILES:
        for lines in read_dialplan(path).values():
            text = "\n".join(lines)
            labels = set(re.findall(r"n\((\w+)\)", text))
            wanted = set(re.findall(r"GotoIf\(.*\?(\w+)\)", text)) | set(re.findall(r"Goto\((\w+)\)", text))
            assert wanted <= labels, path.name


def test_every_application_is_known_and_its_module_is_loaded() -> None:
    applications = (
        used(r"^(?:exten => [^,]+,1|same => n(?:\(\w+\))?),(\w+)\(") | used(r"\?(\w+)\(") | used(r"TryExec\((\w+)\(")
    )
    functions = used(r"\$\{([A-Z_]+)\(") | used(r"Set\(([A-Z_]+)\(")
    loaded = set(re.findall(r"^load = (\w+)\.so", (CONF / "modules.conf").read_text(), re.MULTILINE))
    assert applications <= BRINGS.keys() | BUILT_IN
    assert {BRINGS[name] for name in (applications | functions) - BUILT_IN} <= loaded


def test_every_context_of_an_endpoint_is_there() -> None:
    text = (CONF / "pjsip.conf").read_text() + accounts([Phone("101", "Demo", ("az",), "x")], behind_nat=False)
    assert set(re.findall(r"^context = (\w+)", text, re.MULTILINE)) <= CONTEXTS


def test_every_dialplan_file_is_included_and_named_for_a_context() -> None:
    included = set(re.findall(r"#include dialplan/(\w+)\.conf", (CONF / "extensions.conf").read_text()))
    assert included == {path.stem for path in FILES}
    assert all(path.stem in read_dialplan(path) for path in FILES)


DIALS = {
    "queue": ["Dial(${HL_MOBILES},${HL_MOBILES_S},dgimU(silent))"],  # Local channels of mobile.conf
    "mobile": ["Dial(${HL_MOBILE_${EXTEN}},20,IiU(accept^${CHANNEL(name):0:-1}1))"],
    "handover": [
        "Dial(Local/s@outsider/n,60,dgimI)",
        "Dial(PJSIP/${HL_TO}&PJSIP/${HL_TO}-page,25,giI)",
        "Dial(Local/s@outsider,60,giI)",
        'Dial(PJSIP/${HL_TYPED}@trunk,25,IiU(invited^${IF($["${HL_HEARS}" = ""]?'
        "${CHANNEL(name):0:-1}1:${HL_HEARS})}^${HL_LANGUAGE}))",
    ],
    "ring_out": ["Dial(PJSIP/${HL_TYPED}@trunk,60,Ii)"],
    "callback": [
        "Dial(PJSIP/${HL_COUNSELLOR}&PJSIP/${HL_COUNSELLOR}-page,${HL_RING_S},IiU(taken^${HL_TELL}))",
        "Dial(PJSIP/${HL_CHILD}@trunk,${HL_RING_S},IiU(reached^${HL_CALLBACK}^${HL_ATTEMPT}^${HL_COUNSELLOR}))",
    ],
}


def test_every_dial_is_known() -> None:
    """Whoever adds a way out of the switch says so here."""
    found = {path.stem: re.findall(r"\bDial\(.*\)$", path.read_text(), re.MULTILINE) for path in FILES}
    assert {name: dials for name, dials in found.items() if dials} == DIALS


def test_no_phone_sends_a_caller_on_by_forwarding_its_calls() -> None:
    """Dial ignores it (i); a queue is led to a place that is busy, by whichever phone it rings."""
    assert all(re.search(r",[dgI]*i", dial) for dials in DIALS.values() for dial in dials)
    assert read_dialplan(PROJECT / "dialplan/counsellor.conf")["moved"] == ["exten => _[*#+0-9a-zA-Z]!,1,Hangup(17)"]
    stations = accounts([Phone("101", "Demo", ("az",), "x")], behind_nat=False)
    assert stations.count("set_var = FORWARD_CONTEXT=moved") == stations.count("type = endpoint") == 2


def test_what_was_typed_is_dialled_only_where_it_may_be_rung_and_costs_nothing_extra() -> None:
    for path in FILES:
        for before in path.read_text().split("Dial(PJSIP/${HL_TYPED}@trunk")[:-1]:
            asked = "\n".join(before.splitlines()[-6:])
            assert "DIALPLAN_EXISTS(outside,${HL_TYPED},1)} = 0 |" in asked, path.name
            assert "DIALPLAN_EXISTS(dear,${HL_TYPED},1)} = 1]" in asked, path.name


def test_nothing_else_makes_a_call() -> None:
    others = {"Page", "FollowMe", "RetryDial", "DISA", "ExternalIVR", "Transfer"}
    assert used(r"(?:,|\?)(\w+)\(") & others == set()
    for name in ("Originate", "BridgeAdd"):
        assert [path.stem for path in FILES if f"{name}(" in path.read_text()] == ["silent"]
    assert used(r"Originate\(([^,]*),exten,(\w+),(\w+),") == {("Local/voice@silent/n", "silent", "between")}


FEATURES = (CONF / "features.conf").read_text()
MAPPED = dict(re.findall(r'^([\w-]+) => ([^,]+,\w+,Gosub,".*")$', FEATURES, re.MULTILINE))


def group(name: str) -> list[str]:
    """What the features of one side run, by their keys."""
    (body,) = re.findall(rf"^\[{name}\]\n((?:[\w-]+ =>\n)*)", FEATURES, re.MULTILINE)
    return [MAPPED[feature] for feature in re.findall(r"^([\w-]+) =>", body, re.MULTILINE)]


def test_a_callers_keys_only_answer_and_do_so_on_the_other_side() -> None:
    found = [
        re.fullmatch(r'(\w),peer,Gosub,"silent,said,1\((\w),(\w+),(\w+)\)"', line) for line in group("silent-caller")
    ]
    assert [(m[1] == m[2], m[1], Answer(m[3]), By(m[4])) if m else None for m in found] == [
        (True, "1", Answer.YES, By.KEY),
        (True, "2", Answer.NO, By.KEY),
        (True, "3", Answer.UNKNOWN, By.KEY),
        (True, "7", Answer.LATER, By.KEY),
        (True, "8", Answer.LISTENING, By.KEY),
        (True, "9", Answer.DANGER, By.KEY),
    ]


def test_a_counsellors_keys_ask_the_question_of_their_key() -> None:
    asked = [f'{ASK}{key},peer,Gosub,"silent,ask,1({key})"' for key in KEYS]
    others = [f'{EXPLAIN},peer,Gosub,"silent,explain,1"', f'{STOP},self,Gosub,"silent,stop,1"']
    assert group("silent-counsellor") == [*others, *asked]


def test_every_answer_can_be_given() -> None:
    told = {Answer(answer) for answer in re.findall(r"said,1\(\w,(\w+),", FEATURES)}
    assert told == set(Answer)
    by_sound = dict(re.findall(r"silent,said,1\((\w),(\w+),sound\)", FEATURES))
    assert by_sound == {"A": "yes", "B": "no", "C": "unclear", "D": "none"}
    assert used(r"HL_TAPS=(\w)") == set(by_sound)


def test_queues_are_those_of_the_flow(script: Script) -> None:
    phones = [Phone("101", "A", ("az",), "x"), Phone("102", "B", ("az", "ru"), "x")]
    text = queues(phones, needs(script.queues))
    members = {name: re.findall(r"PJSIP/([\w-]+)", body) for name, body in re.findall(r"\[([\w-]+)\]\n([^[]*)", text)}
    written = {
        "everybody": ["101", "101-page", "102", "102-page"],
        "same-101": ["101", "101-page"],
        "same-102": ["102", "102-page"],
    }
    assert members == {queue: [] for queue in needs(script.queues)} | written


def test_next_best_are_opened_when_routing_says_so() -> None:
    fit, danger = (CONF / "queuerules.conf").read_text().split("[danger]")
    assert {Fit.BEST: 0} | opened_by(fit) == OPENS_AT_S
    assert opened_by(danger) == {Fit.ANYBODY: OPENS_AT_S[Fit.ANYBODY]}


def opened_by(rules: str) -> dict[Fit, int]:
    found = re.findall(r"^penaltychange => (\d+),(\d+)$", rules, re.MULTILINE)
    return {Fit(int(fit)): int(at) for at, fit in found}


def test_no_secret_and_no_number_of_a_person_in_the_configuration() -> None:
    for path in [*CONF.glob("*.conf"), *FILES]:
        assert not re.search(r"^\s*(password|secret)\s*=\s*(?!@[A-Z_]+@$)\S", path.read_text(), re.MULTILINE), path.name


def test_field_without_a_value_is_named() -> None:
    with pytest.raises(ScriptError, match=r"x\.conf: nothing to put for @WHAT@"):
        render("a = @WHAT@", {}, "x.conf")


@pytest.mark.parametrize("value", ["a\nb", "a;b", "a\0"])
def test_value_cannot_become_another_setting(value: str) -> None:
    with pytest.raises(ScriptError):
        plain(value, "a value")


def test_ledger_fields_cannot_hold_a_callers_number() -> None:
    (fields,) = re.findall(r"^fields = (.*)$", (CONF / "cel_custom.conf").read_text(), re.MULTILINE)
    names = {name.partition("(")[0].lower() for name in fields.split(",")}
    assert (
        names & {"name", "num", "ani", "rdnis", "dnid", "appdata", "userfield", "peeraccount", "accountcode"} == set()
    )


def test_dialplan_folder_has_a_readme_that_names_every_variable() -> None:
    text = Path(PROJECT / "dialplan/README.md").read_text()
    assert [v for v in (*Variable, *Global) if f"`{v}`" not in text] == []
