"""Validation of documents against JSON Schema draft 2020-12, as the server does it.

Formats are asserted, patterns are those of ECMA-262, and every violation is
reported with the JSON pointer of what is wrong or missing.
"""

from __future__ import annotations

import calendar
import functools
import ipaddress
import re
from typing import Any, Callable, Iterator

import jsonschema
import referencing
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

MAX_QUOTED_LENGTH = 64


def is_ipv4(text: str) -> bool:
    """Tell whether `text` is dotted decimal without leading zeros."""
    octets = text.split(".")
    return len(octets) == 4 and all(re.fullmatch(r"0|[1-9][0-9]{0,2}", octet) and int(octet) < 256 for octet in octets)


def is_ipv6(text: str) -> bool:
    """Tell whether `text` is an address of RFC 4291, section 2.2, without a zone."""
    try:
        return "%" not in text and ipaddress.IPv6Address(text) is not None
    except ValueError:
        return False


DATE_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


def is_date_time(text: str) -> bool:
    """Tell whether `text` is a date-time of RFC 3339; second 60 counts only where it is 23:59:60 in UTC."""
    match = DATE_TIME.fullmatch(text)
    if not match:
        return False
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    sign, offset_hour, offset_minute = match[7], int(match[8] or 0), int(match[9] or 0)
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return False
    if hour > 23 or minute > 59 or offset_hour > 23 or offset_minute > 59:
        return False
    offset = (offset_hour * 60 + offset_minute) * (-1 if sign == "-" else 1)
    return second < 60 or second == 60 and (hour * 60 + minute - offset) % 1440 == 1439


HOST_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def is_hostname(text: str) -> bool:
    """Tell whether `text` is a host name of RFC 1123, of 1 to 253 characters."""
    return len(text) <= 253 and all(HOST_LABEL.fullmatch(label) for label in text.split("."))


ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LOCAL_PART = re.compile(rf"{ATOM}(?:\.{ATOM})*")


def is_email(text: str) -> bool:
    """Tell whether `text` is a mailbox of RFC 5321, without quoted local parts and address literals."""
    local, _, domain = text.rpartition("@")
    return len(local) <= 64 and bool(LOCAL_PART.fullmatch(local)) and is_hostname(domain)


NAME_CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})"
PCHAR = rf"(?:{NAME_CHAR}|[:@])"
URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://(?:(?:{NAME_CHAR}|:)*@)?(?:\[(?P<literal>[^\]]*)\]|{NAME_CHAR}*)(?::[0-9]*)?(?:/{PCHAR}*)*"
    rf"|/?(?:{PCHAR}+(?:/{PCHAR}*)*)?)"
    rf"(?:\?(?:{PCHAR}|[/?])*)?(?:\#(?:{PCHAR}|[/?])*)?"
)


def is_uri(text: str) -> bool:
    """Tell whether `text` is a URI of RFC 3986 with its scheme; a host in brackets is an IPv6 address."""
    match = URI.fullmatch(text)
    return match is not None and (match["literal"] is None or is_ipv6(match["literal"]))


def matches(pattern: str) -> Callable[[str], bool]:
    """Return a predicate for strings that match `pattern` as a whole."""
    return lambda text: re.fullmatch(pattern, text) is not None


MAC_ADDRESS = (
    r"[0-9A-Fa-f]{1,2}([:-])(?:[0-9A-Fa-f]{1,2}\1){4}[0-9A-Fa-f]{1,2}"
    r"|[0-9A-Fa-f]{4}([.:-])[0-9A-Fa-f]{4}\2[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}-?[0-9A-Fa-f]{6}"
)

FORMATS: dict[str, Callable[[str], bool]] = {
    "uuid": matches(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    "mac-address": matches(MAC_ADDRESS),
    "ipv4": is_ipv4,
    "ipv6": is_ipv6,
    "date-time": is_date_time,
    "hostname": is_hostname,
    "email": is_email,
    "uri": is_uri,
}


def format_checker() -> FormatChecker:
    """Return a checker of exactly the formats above."""
    checker = FormatChecker(formats=())
    for name, accepts in FORMATS.items():
        checker.checks(name)(lambda value, accepts=accepts: not isinstance(value, str) or accepts(value))
    return checker


PATTERN_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|[$.]")
ECMA_MEANING = {"$": r"\Z", ".": "[^\n\r\u2028\u2029]"}


@functools.lru_cache(maxsize=1024)
def ecma_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of ECMA-262, in which `$` is the very end, and `\\d` and `\\w` are ASCII."""
    return re.compile(PATTERN_TOKEN.sub(lambda token: ECMA_MEANING.get(token[0], token[0]), pattern), re.ASCII)


def check_pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """The keyword `pattern`."""
    if isinstance(value, str) and not ecma_pattern(pattern).search(value):
        yield ValidationError(f"{value!r} does not match {pattern}")


def check_required(_: Any, names: list[str], value: Any, __: Any) -> Iterator[ValidationError]:
    """The keyword `required`, with violations that point at the missing property."""
    if isinstance(value, dict):
        for name in names:
            if name not in value:
                yield ValidationError("is required", path=[name])


def check_additional(validator: Any, allowed: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """The keyword `additionalProperties`, with a violation for each property that is not allowed."""
    if not isinstance(value, dict):
        return
    patterns = [ecma_pattern(pattern) for pattern in schema.get("patternProperties", ())]
    for name in value:
        if name in schema.get("properties", ()) or any(pattern.search(name) for pattern in patterns):
            continue
        if allowed is False:
            yield ValidationError("is not a known property", path=[name])
        else:
            yield from validator.descend(value[name], allowed, path=name)


SchemaValidator = jsonschema.validators.extend(
    Draft202012Validator,
    {"pattern": check_pattern, "required": check_required, "additionalProperties": check_additional},
)


def make_validator(schema: Any) -> Any:
    """Return a validator of draft 2020-12 that asserts the formats above and fetches nothing.

    Raises jsonschema.SchemaError when `schema` is not a schema.
    """
    Draft202012Validator.check_schema(schema)
    return SchemaValidator(schema, format_checker=format_checker(), registry=referencing.Registry())


def pointer(path: Any) -> str:
    """Return the JSON pointer (RFC 6901) of a path of keys and indices."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def violations(validator: Any, document: Any) -> list[str]:
    """Return every violation of `document` as pointer and message; values that are secret or long are not quoted."""
    lines = []
    for error in sorted(validator.iter_errors(document), key=lambda error: pointer(error.absolute_path)):
        value = repr(error.instance)
        secret = isinstance(error.schema, dict) and error.schema.get("writeOnly")
        hidden = secret or isinstance(error.instance, (dict, list)) or len(value) > MAX_QUOTED_LENGTH
        message = error.message.replace(value, "the value") if hidden else error.message
        lines.append(f"{pointer(error.absolute_path) or '(document)'}: {message}")
    return lines
