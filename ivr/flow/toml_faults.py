"""What the TOML reader says is wrong, as sentences of ours. It knows no codes, only English (tomllib, Python 3.11)."""

from __future__ import annotations

import re

from ivr.errors import Fault, Said

SAYS = (
    Said("Invalid statement"),
    Said("Invalid value"),
    Said("Invalid hex value"),
    Said("Invalid date or datetime"),
    Said("Invalid initial character for a key part"),
    Said("Found invalid character %(it)s"),
    Said(r"Illegal character '\n'"),  # what it says of a quotation mark that is forgotten
    Said("Illegal character %(it)s"),
    Said("Expected newline or end of document after a statement"),
    Said("Expected '=' after a key in a key/value pair"),
    Said("Expected ']' at the end of a table declaration"),
    Said("Expected ']]' at the end of an array declaration"),
    Said("Expected %(it)s"),
    Said("Unclosed array"),
    Said("Unclosed inline table"),
    Said("Unterminated string"),
    Said("Unescaped '\\' in a string"),
    Said("Escaped character is not a Unicode scalar value"),
    Said("Duplicate inline table key %(it)s"),
    Said("Cannot overwrite a value"),
    Said("Cannot declare %(it)s twice"),
    Said("Cannot mutate immutable namespace %(it)s"),
    Said("Cannot redefine namespace %(it)s"),
)
DEEP = Said("nested too deeply")
LONG = Said("has a number of too many digits")
PATTERNS = tuple((re.compile(re.escape(each.words).replace(re.escape("%(it)s"), "(?P<it>.+)")), each) for each in SAYS)
PLACE = re.compile(r"(.*) \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)")


def fault_of(error: ValueError | RecursionError, last_line: int) -> Fault:
    """What it says with the line. A sentence that it never said before stays in its English."""
    found = PLACE.fullmatch(str(error))
    if not found:
        return Fault(DEEP if isinstance(error, RecursionError) else LONG, line=last_line)
    what, line, column = found.groups()
    told: dict[str, object] = {"what": _known(what)}
    if not line:
        return Fault(Said("%(what)s (at end of document)", told), line=last_line)
    place = {"line": line, "column": column}
    return Fault(Said("%(what)s (at line %(line)s, column %(column)s)", told | place), line=int(line))


def _known(what: str) -> Said | str:
    for pattern, each in PATTERNS:
        if found := pattern.fullmatch(what):
            return Said(each.words, found.groupdict())
    return what
