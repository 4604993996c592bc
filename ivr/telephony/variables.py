"""Every channel variable and global that the dialplan and the program share. Nothing else is shared.

The dialplan's half stands in `dialplan/*.conf`; a test compares both.
"""

from __future__ import annotations

from enum import StrEnum


class Variable(StrEnum):
    """Set and read on the caller's channel."""

    DIALLED = "HL_DIALLED"  # dialplan: the number dialled, as the carrier sent it
    DOOR = "HL_DOOR"  # dialplan: 1 FastAGI, 2 process on the switch, 3 no Python
    SILENT_S = "HL_SILENT_S"  # dialplan: seconds the program said nothing; set when it hangs
    SESSION = "HL_SESSION"  # program → dialplan: where the caller stands, so that door 2 can go on
    HEARD = "HL_HEARD"  # dialplan → program: what the attempt brought, READSTATUS:key
    KEY = "HL_KEY"  # dialplan: the key that Read() got
    SEEN = "HL_SEEN"  # dialplan: the number that rings, in case its owner agrees to a call-back
    TYPED = "HL_TYPED"  # dialplan → program: a number that was keyed in; forgotten at the story's end
    TOLD = "HL_TOLD"  # dialplan, by the program's last command: how a story ended that does not end at a person
    DECIDED = "HL_DECIDED"  # dialplan, by the program's last command: "yes" once the caller may wait
    QUEUE = "HL_QUEUE"  # program → dialplan: which queue
    PRIORITY = "HL_PRIORITY"  # program → dialplan: danger, high or normal
    PLACE = "HL_PLACE"  # program → dialplan: QUEUE_PRIO, see routing/priority.py
    SAME = "HL_SAME"  # program → dialplan: extension of the counsellor who talked with this caller lately
    SAID = "HL_SAID"  # program → dialplan: what the caller chose, in the ledger's words; the live board is told it
    ARRIVED = "HL_ARRIVED"  # dialplan: second since 1970 from which the caller has waited, as the live board shows it
    SINCE = "HL_SINCE"  # dialplan: second since 1970 from which the wait counts
    WAITED_S = "HL_WAITED_S"  # dialplan: seconds waited so far
    LANGUAGE = "HL_LANGUAGE"  # program → dialplan: language of every prompt from now on
    BEFORE = "HL_BEFORE"  # program → dialplan: prompt played before the wait begins
    WORD = "HL_WORD"  # dialplan: what a counsellor dialled to say, one of desk/presence.py's words
    SAY = "HL_SAY"  # program → dialplan: the prompt that answers a counsellor; empty until the program has answered
    RINGS_OUT = "HL_RINGS_OUT"  # account of a counsellor's phone: yes where it may ring out
    MUTE = "HL_MUTE"  # dialplan: yes when the phone that picked up speaks none of our codecs
    SPEAKS = "HL_SPEAKS"  # account of a counsellor's phone: the language in which it is spoken to
    SHOWN = "HL_SHOWN"  # program → dialplan: what a counsellor's phone shows in place of a number
    SIDE = "HL_SIDE"  # dialplan, on both sides: whose channel this is in a conversation, caller or counsellor
    SILENT = "HL_SILENT"  # dialplan: yes when the caller pressed no key at all, or silent talk was begun
    MET = "HL_MET"  # dialplan: second since 1970 in which a counsellor last picked up
    OVERHEARD = "HL_OVERHEARD"  # dialplan: yes when the caller's last answer was that somebody is listening
    SILENT_TALK = (
        "HL_SILENT_TALK"  # dialplan, shared, on the counsellor's channel: yes while the caller's keys are answers
    )
    QUESTION = "HL_QUESTION"  # dialplan, shared with the counsellor's channel: what was asked last
    RECEIVED = "HL_RECEIVED"  # dialplan: packets of sound that had come from the counsellor's phone
    ASKER = "HL_ASKER"  # dialplan: the channel of the counsellor who asks
    CALLER = "HL_CALLER"  # dialplan, on the voice of silent talk: the caller's channel
    WORDS = "HL_WORDS"  # dialplan: the prompts that this voice says
    TAPS = "HL_TAPS"  # dialplan: the key that stands for what it heard, A to D
    VOICE = "HL_VOICE"  # dialplan, shared, on both sides: the channel of this voice
    CALLBACK = "HL_CALLBACK"  # call file: the call-back's id
    ATTEMPT = "HL_ATTEMPT"  # program → dialplan: which attempt at it this is
    COUNSELLOR = "HL_COUNSELLOR"  # program → dialplan: whose phone is rung for a call-back, or has taken it
    TRIED = "HL_TRIED"  # dialplan → program: counsellors who did not take it
    TELL = "HL_TELL"  # program → dialplan: what a counsellor is told of a call-back, prompts joined by &
    RING_S = "HL_RING_S"  # program → dialplan: how long to ring for a call-back
    CHILD = "HL_CHILD"  # program → dialplan: the number to ring back, from the moment of dialling
    OUTCOME = "HL_OUTCOME"  # how an attempt ends if nothing more is told
    TRY = "HL_TRY"  # dialplan: how often something was tried: to get a key from a mobile, or a message from a caller
    MESSAGE = "HL_MESSAGE"  # dialplan: the message being left; empty once it is kept
    HEARS = "HL_HEARS"  # program → dialplan: the counsellor's channel whose call somebody hears
    MODE = "HL_MODE"  # program → dialplan: how: listen, whisper or join
    HANDED = "HL_HANDED"  # program or dialplan, on the counsellor's channel: yes once the caller is somebody's again
    TO = "HL_TO"  # program → dialplan: the extension to which a caller is handed, or which is asked first
    WITH = "HL_WITH"  # program → dialplan, on the caller's channel: the channel of whoever they are to talk with now
    TAKE = "HL_TAKE"  # program → dialplan: the file into which a prompt is read by phone, without its suffix
    TAKE_S = "HL_TAKE_S"  # program → dialplan: how long that may be
    MESSAGE_S = "HL_MESSAGE_S"  # dialplan: its seconds on disk
    TRIAL = "HL_TRIAL"  # a trial of the line: its name on the caller's side (call file), yes on the line's (dialplan)


class Global(StrEnum):
    """Set in `asterisk-conf/globals.conf` when the line opens; WATCHED_AT and ON_DUTY again and again by the watch."""

    NUMBER = "HL_NUMBER"  # the helpline's short number
    DEFAULT_LANGUAGE = "HL_DEFAULT_LANGUAGE"
    FASTAGI_PORT = "HL_FASTAGI_PORT"
    AGI_SCRIPT = "HL_AGI_SCRIPT"  # door 2's program
    PATIENCE_S = "HL_PATIENCE_S"  # silence of the program after which the next door opens
    GREETING = "HL_GREETING"  # the prompts of the first menu, joined by &, for door 3
    WAIT_S = "HL_WAIT_S"  # how long a caller waits before other ways are tried
    WATCHED_AT = "HL_WATCHED_AT"  # second since 1970 in which the program last looked after the queues
    ON_DUTY = "HL_ON_DUTY"  # how many counsellors are on duty and can be reached
    MESSAGES = "HL_MESSAGES"  # folder in which messages are recorded
    MOBILES = "HL_MOBILES"  # dial string of the mobiles on call, by their places in the list; empty without a trunk
    MOBILES_RING = "HL_MOBILES_RING"  # all or one_by_one
    MOBILES_S = "HL_MOBILES_S"  # how long that may take altogether
    MOBILES_LANGUAGE = "HL_MOBILES_LANGUAGE"  # in which a counsellor on call is asked to press 1
    QUESTIONS = "HL_QUESTIONS"  # what can be asked in silent talk, in the order of the keys 0 to 9, joined by -
    MOBILE = "HL_MOBILE_"  # HL_MOBILE_1 and so on: dial string of each mobile, the only place with its number
