"""The 49 of RFC 4475, by the names it gives them. `{to}` is whom the line answers as, `{n}` makes each its own call.

Our own writing after its descriptions, with addresses that lead nowhere; what is odd in each is what is odd in its.
"""

# ruff: noqa: E501  a message is one line

from __future__ import annotations

SDP = b"v=0\r\no=mhandley 29739 7272939 IN IP4 127.0.0.66\r\ns=-\r\nc=IN IP4 127.0.0.66\r\nt=0 0\r\nm=audio 49217 RTP/AVP 8\r\n"
TO = b"sip:116111@127.0.0.1"
LONG = b"a" * 3000


def _message(start: bytes, *headers: bytes, body: bytes = b"", length: bytes | None = None) -> bytes:
    told = length if length is not None else b"Content-Length: %d" % len(body)
    return b"\r\n".join((start, *headers, *((told,) if told else ()), b"", body))


def _usual(name: bytes, method: bytes, **other: bytes) -> list[bytes]:
    """The headers that every request needs, one of them replaced (by its name, _ for -), or left out when empty."""
    own = {
        b"Via": b"Via: SIP/2.0/UDP 127.0.0.66:5999;rport;branch=z9hG4bK-" + name + b"-{n}",
        b"From": b"From: <sip:caller@attacks.invalid>;tag=" + name,
        b"To": b"To: <" + TO + b">",
        b"Call-ID": b"Call-ID: " + name + b"-{n}@attacks.invalid",
        b"CSeq": b"CSeq: 1 " + method,
        b"Max-Forwards": b"Max-Forwards: 70",
        b"Contact": b"Contact: <sip:caller@127.0.0.66:5999>",
    }
    own |= {key.replace("_", "-").encode(): value for key, value in other.items()}
    return [line for line in own.values() if line]


def _invite(name: bytes, start: bytes = b"INVITE " + TO + b" SIP/2.0", *more: bytes, **other: bytes) -> bytes:
    lines = (*_usual(name, b"INVITE", **other), *more, b"Content-Type: application/sdp")
    return _message(start, *lines, body=SDP)


def _options(name: bytes, start: bytes = b"OPTIONS " + TO + b" SIP/2.0", *more: bytes, **other: bytes) -> bytes:
    return _message(start, *_usual(name, b"OPTIONS", **other), *more)


def _register(name: bytes, *more: bytes, **other: bytes) -> bytes:
    return _message(b"REGISTER sip:127.0.0.1 SIP/2.0", *_usual(name, b"REGISTER", **other), *more)


def _answer(name: bytes, start: bytes, **other: bytes) -> bytes:
    return _message(start, *_usual(name, b"INVITE", **other))


VALID = {
    "wsinv": _message(
        b"INVITE sip:116111@127.0.0.1;unknownparam SIP/2.0",
        b"TO :\r\n sip:116111@127.0.0.1 ;   tag    =\t1918181833n{n}",
        b'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@attacks.invalid>\r\n  ;\r\n  tag = 98asjd8',
        b"MaX-fOrWaRdS: 0068",
        b"Call-ID: wsinv.{n}@attacks.invalid",
        b"Content-Length   : %d" % len(SDP),
        b"cseq: 0009\r\n  INVITE",
        b"Via  : SIP  /   2.0\r\n /UDP\r\n    127.0.0.66:5999;branch=z9hG4bK-wsinv-{n};rport",
        b"s :",
        b"NewFangledHeader:   newfangled value\r\n continued newfangled value",
        b"UnknownHeaderWithUnusualValue: ;;,,;;,;",
        b"Content-Type: application/sdp",
        b"Route:\r\n <sip:services.attacks.invalid;lr;unknownwith=value;unknown-no-value>",
        b"v:  SIP  / 2.0  / TCP     spindle.attacks.invalid   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP"
        b"  192.0.2.255   ; branch=\r\n z9hG4bK30239",
        b'm:"Quoted string \\"\\"" <sip:jdrosen@attacks.invalid> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33',
        body=SDP,
        length=b"",
    ),
    "intmeth": _message(
        b"!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@127.0.0.1 SIP/2.0",
        b"Via: SIP/2.0/UDP 127.0.0.66:5999;rport;branch=z9hG4bK-.!%66*_+`'~-intmeth-{n}",
        b'To: "BEL:\x07 NUL:\x00 DEL:\x7f" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@127.0.0.1>',
        b"From: token1~` token2'+_ token3*%!.- <sip:mundane@attacks.invalid>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\xd0\xb1\";tag=_token~1'+`*%!-.",
        b"Call-ID: intmeth.%ZK-!.*_+'@word`~)(><:\\/\"][?}{-{n}",
        b"CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~",
        b"Max-Forwards: 255",
        b"extensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb",
    ),
    "esc01": _invite(
        b"esc01",
        b"INVITE sip:sips%3Auser%40example.com@127.0.0.1 SIP/2.0",
        From=b"From: <sip:I%20have%20spaces@attacks.invalid>;tag=938",
        Contact=b"Contact: <sip:cal%6Cer@127.0.0.66:5999;%6C%72;n%61me=v%61lue%25%34%31>",
    ),
    "escnull": _register(
        b"escnull",
        b"Contact: <sip:%00@127.0.0.66>",
        b"Contact: <sip:%00%00@127.0.0.66>",
        To=b"To: sip:null-%00-null@127.0.0.1",
        From=b"From: sip:null-%00-null@attacks.invalid;tag=839923423",
        Contact=b"",
    ),
    "esc02": _message(
        b"RE%47IST%45R sip:127.0.0.1 SIP/2.0",
        *_usual(b"esc02", b"RE%47IST%45R", To=b'To: "%Z%45" <sip:resource@127.0.0.1>'),
        b"Contact: <sip:alias1@127.0.0.66>",
        b"C%6Fntact: <sip:alias2@127.0.0.66>",
    ),
    "lwsdisp": _options(b"lwsdisp", From=b"From: caller<sip:caller@attacks.invalid>;tag=323"),
    "longreq": _invite(
        b"longreq",
        b"INVITE " + TO + b" SIP/2.0",
        b"Unknown-" + b"Long" * 20 + b"-Name: " + b"longvalue" * 40 + b"; " + b"long" * 40 + b"=" + b"longer" * 40,
        *(b"Via: SIP/2.0/TCP sip%d.attacks.invalid;branch=z9hG4bK-%d" % (i, i) for i in range(33)),
        From=b"From: sip:"
        + b"amazinglylongcallername" * 12
        + b"@attacks.invalid;tag=12"
        + b"9" * 200
        + b";unknown"
        + b"h" * 120
        + b"="
        + b"u" * 160,
        To=b'To: "I have a user name of extreme'
        + b" and then some" * 40
        + b'" <'
        + TO
        + b":6000;unknownparam1=very"
        + b"long" * 20
        + b">",
    ),
    "dblreq": _register(b"dblreq") + _invite(b"dblreq-second"),
    "semiuri": _options(b"semiuri", b"OPTIONS sip:user;par=u%40example.net@127.0.0.1 SIP/2.0"),
    "transports": _options(
        b"transports",
        b"OPTIONS " + TO + b" SIP/2.0",
        b"Via: SIP/2.0/SCTP t2.attacks.invalid;branch=z9hG4bKzzxdiwo34sw",
        b"Via: SIP/2.0/TLS t3.attacks.invalid;branch=z9hG4bKljlzjlkjl",
        b"Via: SIP/2.0/UNKNOWN t4.attacks.invalid;branch=z9hG4bKb3u4ljkljl",
    ),
    "mpart01": _message(
        b"MESSAGE " + TO + b" SIP/2.0",
        *_usual(b"mpart01", b"MESSAGE"),
        b"Content-Type: multipart/mixed;boundary=7a9cbec02ceef655",
        body=b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n"
        b"--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        + bytes(range(256))
        + b"\r\n--7a9cbec02ceef655--\r\n",
    ),
    "unreason": _answer(b"unreason", b"SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe"),
    "noreason": _answer(b"noreason", b"SIP/2.0 100 "),
    "badbranch": _options(b"badbranch", Via=b"Via: SIP/2.0/UDP 127.0.0.66:5999;rport;branch=z9hG4bK"),
    "unkscm": _options(b"unkscm", b"OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"),
    "novelsc": _options(b"novelsc", b"OPTIONS soap.beep://127.0.0.66:3002 SIP/2.0"),
    "unksm2": _register(
        b"unksm2",
        To=b"To: isbn:2983792873",
        From=b"From: <http://www.attacks.invalid>;tag=3234233",
        Contact=b"Contact: <name:John_Smith>",
    ),
    "bext01": _options(
        b"bext01",
        b"OPTIONS " + TO + b" SIP/2.0",
        b"Require: nothingSupportsThis, nothingSupportsThisEither",
        b"Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis",
    ),
    "invut": _message(
        b"INVITE " + TO + b" SIP/2.0",
        *_usual(b"invut", b"INVITE"),
        b"Content-Type: application/unknownformat",
        body=b'<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n',
    ),
    "regaut01": _register(b"regaut01", b"Authorization: NoOneKnowsThisScheme opaque-data=here"),
    "zeromf": _options(b"zeromf", Max_Forwards=b"Max-Forwards: 0"),
    "cparam01": _register(b"cparam01", Contact=b"Contact: sip:+19725552222@127.0.0.66;unknownparam"),
    "cparam02": _register(b"cparam02", Contact=b"Contact: <sip:+19725552222@127.0.0.66;unknownparam>"),
    "regescrt": _register(
        b"regescrt", Contact=b"Contact: <sip:user@attacks.invalid?Route=%3Csip:sip.attacks.invalid%3E>"
    ),
    "sdp01": _invite(b"sdp01", b"INVITE " + TO + b" SIP/2.0", b"Accept: text/nobodyKnowsThis"),
    "inv2543": _message(
        b"INVITE sip:UserB@127.0.0.1 SIP/2.0",
        b"Via: SIP/2.0/UDP 127.0.0.66:5999",
        b"From: <sip:caller@attacks.invalid>",
        b"To: " + TO,
        b"Call-ID: inv2543.{n}",
        b"CSeq: 56 INVITE",
        b"Content-Type: application/sdp",
        body=SDP,
        length=b"",
    ),
}

INVALID = {
    "badinv01": _invite(b"badinv01", Contact=b'Contact: "Joe" <sip:joe@127.0.0.66>;;;;', Via=b"Via: SIP/2.0/UDP 127.0.0.66:5999;rport;branch=z9hG4bK-badinv01-{n};;,;,,"),
    "clerr": _message(b"INVITE " + TO + b" SIP/2.0", *_usual(b"clerr", b"INVITE"), b"Content-Type: application/sdp", body=SDP, length=b"Content-Length: 9999"),
    "ncl": _message(b"INVITE " + TO + b" SIP/2.0", *_usual(b"ncl", b"INVITE"), b"Content-Type: application/sdp", body=SDP, length=b"Content-Length: -999"),
    "scalar02": _register(
        b"scalar02",
        b"Contact: <sip:user@127.0.0.66>;expires=10000000000",
        b"Expires: 1000000000000000000000000000000000000000000000000",
        Contact=b"",
        CSeq=b"CSeq: 36893488147419103232 REGISTER",
        Max_Forwards=b"Max-Forwards: 300",
    ),
    "scalarlg": _message(
        b"SIP/2.0 503 Service Unavailable",
        *_usual(b"scalarlg", b"INVITE", CSeq=b"CSeq: 9292394834772304023312 INVITE"),
        b"Retry-After: 949302838503028349304023988",
        b"Warning: 1812 overture \"In Progress\"",
    ),
    "quotbal": _invite(b"quotbal", To=b'To: "Mr. J. User <' + TO + b">"),
    "ltgtruri": _invite(b"ltgtruri", b"INVITE <" + TO + b"> SIP/2.0"),
    "lwsruri": _invite(b"lwsruri", b"INVITE " + TO + b"; lr SIP/2.0"),
    "lwsstart": _invite(b"lwsstart", b"INVITE  " + TO + b"  SIP/2.0"),
    "trws": _options(b"trws", b"OPTIONS " + TO + b" SIP/2.0  "),
    "escruri": _invite(b"escruri", b"INVITE " + TO + b"?Route=%3Csip:attacks.invalid%3E SIP/2.0"),
    "baddate": _invite(b"baddate", b"INVITE " + TO + b" SIP/2.0", b"Date: Fri, 01 Jan 2010 16:00:00 EST"),
    "regbadct": _register(b"regbadct", Contact=b"Contact: sip:user@attacks.invalid?Route=%3Csip:sip.attacks.invalid%3E"),
    "badaspec": _options(b"badaspec", To=b'To: "Watson, Thomas" < sip:t.watson@127.0.0.1 >'),
    "baddn": _options(b"baddn", From=b"From: Bell, Alexander <sip:a.g.bell@attacks.invalid>;tag=43"),
    "badvers": _options(b"badvers", b"OPTIONS " + TO + b" SIP/7.0", Via=b"Via: SIP/7.0/UDP 127.0.0.66:5999;rport;branch=z9hG4bK-badvers-{n}"),
    "mismatch01": _options(b"mismatch01", CSeq=b"CSeq: 8 INVITE"),
    "mismatch02": _message(b"NEWMETHOD " + TO + b" SIP/2.0", *_usual(b"mismatch02", b"INVITE"), b"Content-Type: application/sdp", body=SDP),
    "bigcode": _answer(b"bigcode", b"SIP/2.0 4294967301 better not break the receiver"),
    "insuf": _message(b"INVITE " + TO + b" SIP/2.0", b"CSeq: 193942 INVITE", b"Via: SIP/2.0/UDP 127.0.0.66:5999;rport;branch=z9hG4bK-insuf-{n}", b"Content-Type: application/sdp", body=SDP),
    "multi01": _invite(
        b"multi01", b"INVITE " + TO + b" SIP/2.0", b"CSeq: 59 INVITE", b"Call-ID: multi01.second.{n}", b"From: <sip:other@attacks.invalid>;tag=2",
        b"To: <sip:second@127.0.0.1>", b"Max-Forwards: 5", b"Content-Type: text/plain",
    ),
    "mcl01": _message(b"OPTIONS " + TO + b" SIP/2.0", *_usual(b"mcl01", b"OPTIONS"), b"Content-Length: 5", body=b"There's no way to know how many octets are supposed to be here.\r\n", length=b"Content-Length: 13"),
    "bcast": _answer(b"bcast", b"SIP/2.0 200 OK", Via=b"Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23"),
}  # fmt: skip

NOT_IN_THE_RFC = {
    # What scanners send and the RFC does not name.
    "no-headers": b"INVITE " + TO + b" SIP/2.0\r\n\r\n",
    "half": b"INVITE sip:116",
    "nothing": b"\r\n\r\n",
    "nul": bytes(1200),
    "letters": LONG,
    "ten-thousand-headers": b"OPTIONS " + TO + b" SIP/2.0\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    "deep-parameters": _options(b"deep", b"OPTIONS " + TO + b";p" * 3000 + b" SIP/2.0"),
    "huge-header": _options(b"huge", b"OPTIONS " + TO + b" SIP/2.0", b"X-Huge: " + LONG * 19),
    "sdp-rubbish": _message(b"INVITE " + TO + b" SIP/2.0", *_usual(b"sdprubbish", b"INVITE"), b"Content-Type: application/sdp", body=b"m=audio 99999999999 RTP/AVP " + b"8 " * 2000 + b"\r\na=rtpmap:\r\nc=IN IP9 \xff\r\n"),
    "sdp-many-streams": _message(b"INVITE " + TO + b" SIP/2.0", *_usual(b"sdpmany", b"INVITE"), b"Content-Type: application/sdp", body=SDP + b"m=video 1 RTP/AVP 96\r\n" * 300),
    "websocket-on-sip": b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nHost: x\r\n\r\n",
}  # fmt: skip


def told(message: bytes, number: int) -> bytes:
    """`message` as a call of its own."""
    return message.replace(b"{n}", b"%d" % number)
