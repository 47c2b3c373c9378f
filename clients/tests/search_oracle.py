"""The search of GET /{Kind} as a plain filter over documents: what the server must answer, in as little code as can be.

Python compares strings by their code points, which is the order of their UTF-8 bytes.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import itertools
import math
import operator
import re
import socket
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Callable, Iterator, Mapping
from urllib.parse import unquote_to_bytes

from validation import DATE_TIME, FORMATS

Document = dict[str, Any]
Schema = dict[str, Any]
Predicate = Callable[[Document], bool]

MAXIMUM_NAMES = 262_144
MAXIMUM_PATTERNS = 256
MAXIMUM_INTEGER = 2**63 - 1

RESERVED = ("sort", "fields", "limit", "count", "at", "cursor", "expect", "dry_run")
ALIASES = {
    ("ComputeNode", "arch"): "architecture",
    ("ComputeNode", "bmc_mac"): "bmc.mac_address",
    ("NodeCollection", "node"): "nodes",
}
FLAGS = {
    ("ComputeNode", "missingXName"): "xname",
    ("ComputeNode", "missingHostname"): "hostname",
    ("ComputeNode", "missingArch"): "architecture",
    ("ComputeNode", "missingBootMAC"): "boot_mac",
    ("ComputeNode", "missingBMCMAC"): "bmc.mac_address",
    ("ComputeNode", "missingIPV4"): "boot_ipv4_address",
    ("ComputeNode", "missingIPV6"): "boot_ipv6_address",
}
FAMILIES = {"ip": ("ipv4", "ipv6"), "mac": ("mac-address",)}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "[gt]": operator.gt,
    "[ge]": operator.ge,
    "[lt]": operator.lt,
    "[le]": operator.le,
}
CONDITION_NAME = re.compile(r"(?P<path>.*?)(?P<operator>!|\[(?:gt|ge|lt|le)\])?", re.DOTALL)


class Malformed(Exception):
    """The server must answer 400."""


# The parameters of a query.


def decoded(text: str) -> str:
    """Undo the percent-encoding of a form."""
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        raise Malformed(f"{text} has a % that encodes nothing")
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise Malformed(f"{text} is not UTF-8") from None


def parameters(query: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a raw query."""
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        yield decoded(name), decoded(value)


def flag(value: str) -> bool:
    """Read `true` or `false`."""
    if value not in ("true", "false"):
        raise Malformed(f"{value!r} is neither true nor false")
    return value == "true"


def page_size(value: str | None) -> int | None:
    """Read `limit`."""
    if value is None:
        return None
    if not re.fullmatch("[0-9]+", value) or not 1 <= int(value) <= MAXIMUM_INTEGER:
        raise Malformed(f"{value!r} is no limit")
    return int(value)


# The alternatives in a value.


class Wildcard(Enum):
    """What a pattern leaves open, as regular expressions."""

    RUN = ".*"
    ONE = "."


Pieces = tuple["str | Wildcard", ...]


def merged(pieces: Pieces) -> Pieces:
    """Return a pattern with neighbouring texts as one."""
    found: list[str | Wildcard] = []
    for piece in pieces:
        if found and isinstance(piece, str) and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    return tuple(found)


def folded_by(fold: Callable[[str], str]) -> Callable[[Pieces], list[Pieces]]:
    """Return a function that folds the texts of a pattern."""
    return lambda pattern: [tuple(piece if isinstance(piece, Wildcard) else fold(piece) for piece in pattern)]


@dataclass(frozen=True)
class NumberSet:
    """The numbers in brackets, as ranges with the digits that each is written with at least, and their steps."""

    ranges: tuple[tuple[int, int, int, int], ...]

    @classmethod
    def parsed(cls, text: str) -> NumberSet:
        """Read what stands between the brackets."""
        ranges = []
        for part in text.split(","):
            bounds, _, step = part.partition("/")
            first, _, last = bounds.partition("-")
            ranges.append((int(first), int(last or first), len(first), int(step or 1)))
        if any(first > last or step == 0 for first, last, _, step in ranges):
            raise Malformed(f"[{text}] has a range that ends before it begins, or a step of nothing")
        return cls(tuple(ranges))

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum((last - first) // step + 1 for first, last, _, step in self.ranges)

    def __iter__(self) -> Iterator[str]:
        for first, last, digits, step in self.ranges:
            yield from (f"{number:0{digits}d}" for number in range(first, last + 1, step))


NUMBERS = "[0-9]{1,9}(?:-[0-9]{1,9}(?:/[0-9]{1,9})?)?"


TOKEN = re.compile(
    r"\\(?P<escaped>.)|(?P<comma>,)|(?P<run>\*)|(?P<one>\?)"
    rf"|\[(?P<numbers>{NUMBERS}(?:,{NUMBERS})*)\]"
    r"|(?P<text>[^\\,*?\[\]]+)",
    re.DOTALL,
)


@dataclass
class Alternative:
    """One of the alternatives in a value: as it is written, and the pieces that it comes to."""

    source: str = ""
    has_set_operator: bool = False
    pieces: list[str | Wildcard | NumberSet] = dataclasses.field(default_factory=list)

    @property
    def is_null(self) -> bool:
        """Whether this asks for absence."""
        return self.source == "null"

    @property
    def is_pattern(self) -> bool:
        """Whether this has wildcards."""
        return any(isinstance(piece, Wildcard) for piece in self.pieces)

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return math.prod(piece.size for piece in self.pieces if isinstance(piece, NumberSet))

    def add(self, wildcard: Wildcard) -> None:
        """Add a wildcard; of neighbours `*` goes last and counts once, so that matching takes no time to speak of."""
        if self.pieces[-1:] != [Wildcard.RUN]:
            self.pieces.append(wildcard)
        elif wildcard is Wildcard.ONE:
            self.pieces.insert(-1, wildcard)

    def combinations(self) -> Iterator[tuple[str | Wildcard, ...]]:
        """Yield the pieces with each combination of the numbers in their sets."""
        return itertools.product(*(piece if isinstance(piece, NumberSet) else (piece,) for piece in self.pieces))

    def names(self) -> Iterator[str]:
        """Yield what this spells, where it is no pattern."""
        return map("".join, self.combinations())

    def expressions(self, normal: Callable[[Pieces], list[Pieces]]) -> Iterator[str]:
        """Yield the pattern as regular expressions for values of which the normal patterns are known."""
        for pieces in self.combinations():
            for pattern in normal(merged(pieces)):
                yield "".join(piece.value if isinstance(piece, Wildcard) else re.escape(piece) for piece in pattern)


def alternatives(value: str) -> list[Alternative]:
    """Read a value from left to right."""
    found = [Alternative()]
    position = 0
    while position < len(value):
        token = TOKEN.match(value, position)
        if token is None:
            raise Malformed(f"{value!r} is malformed at {position}")
        position = token.end()
        if token["comma"]:
            found.append(Alternative())
            continue
        found[-1].source += token[0]
        if token["run"] or token["one"]:
            found[-1].add(Wildcard.RUN if token["run"] else Wildcard.ONE)
        elif token["numbers"]:
            found[-1].pieces.append(NumberSet.parsed(token["numbers"]))
        else:
            found[-1].pieces.append(token["escaped"] or token["text"])
            if token["text"] and set(token["text"]) & set("!&^@"):
                found[-1].has_set_operator = True
    return found


# The values of fields. A reader makes of a text the value that it spells, or None where it spells none.


def same(value: Any) -> Any:
    """Return the value itself."""
    return value


@dataclass(frozen=True)
class Form:
    """The values that a field takes: how queries and documents spell them, and what can be asked of them."""

    read: Callable[[str], Any]
    stored: Callable[[Any], Any] = same
    patterns: Callable[[Pieces], list[Pieces]] | None = folded_by(same)
    order: Callable[[Any], Any] = same
    is_ordered: bool = True
    folds_case: bool = False


def hardware_xname(letters: str) -> Callable[[str], str | None]:
    """Return a reader of a cabinet's number and one for each of the letters, of either case."""
    pattern = re.compile("x([0-9]{1,9})" + "".join(f"{letter}([0-9]{{1,9}})" for letter in letters), re.ASCII)

    def read(text: str) -> str | None:
        match = pattern.fullmatch(text.lower())
        cabinet, *others = map(int, match.groups()) if match else (0, 256)
        if max(others) > 255 or cabinet > 99_999:
            return None
        return f"x{cabinet:03d}" + "".join(f"{letter}{number}" for letter, number in zip(letters, others))

    return read


def component_xname(text: str) -> str | None:
    """Read any letters each followed by a number."""
    if not re.fullmatch("(?:[a-zA-Z]+[0-9]+)+", text):
        return None
    (letters, digits), *others = re.findall("([a-z]+)([0-9]+)", text.lower())
    kept_digits = 3 if letters == "x" else 1
    normal = f"{letters}{int(digits):0{kept_digits}d}" + "".join(f"{part}{int(number)}" for part, number in others)
    return normal if max(len(text), len(normal)) <= 63 else None


def xname_patterns(pattern: Pieces) -> list[Pieces]:
    """Return a pattern with the numbers that are known to be whole in normal spelling."""

    def number(match: re.Match[str]) -> str:
        letters, digits = match.groups()
        is_whole = letters and (match.end() < len(match.string) or at_end)
        return letters + (f"{int(digits):0{3 if letters[-1] == 'x' else 1}d}" if is_whole else digits)

    found: list[str | Wildcard] = []
    for position, piece in enumerate(pattern):
        at_end = position == len(pattern) - 1
        found.append(piece if isinstance(piece, Wildcard) else re.sub("([^0-9]*)([0-9]+)", number, piece.lower()))
    return [tuple(found)]


def mac_address(text: str) -> str | None:
    """Read a MAC address of any spelling."""
    if not FORMATS["mac-address"](text):
        return None
    groups = re.split("[.:-]", text.lower())
    digits = "".join(group.zfill(12 // len(groups)) for group in groups)
    return ":".join(re.findall("..", digits))


def mac_patterns(pattern: Pieces) -> list[Pieces]:
    """Return the patterns for normal spellings that a pattern for MAC addresses comes to.

    A stretch between two `*` that has digits without separators is regrouped, by both ways where it may begin in a byte.
    """
    symbols = "".join(
        {Wildcard.RUN: "*", Wildcard.ONE: "?"}[piece] if isinstance(piece, Wildcard) else piece.lower()
        for piece in pattern
    )
    literal = "".join(piece.lower() for piece in pattern if not isinstance(piece, Wildcard))
    if re.search("[^0-9a-f:.-]", literal) or len(re.findall("[0-9a-f]", literal)) > 12:
        return [tuple(piece if isinstance(piece, Wildcard) else piece.lower() for piece in pattern)]
    stretches = symbols.split("*")
    forms = []
    for number, stretch in enumerate(stretches):
        is_first, is_last = number == 0, number == len(stretches) - 1
        groups = re.split("[.:-]", stretch)
        digits = "".join(groups)
        if "." not in stretch and not re.search("[0-9a-f]{3}", stretch):
            whole = range(0 if is_first else 1, len(groups) if is_last else len(groups) - 1)
            padded = [f"0{g}" if n in whole and len(groups) > 1 and len(g) == 1 else g for n, g in enumerate(groups)]
            forms.append([":".join(padded)])
        elif is_first and is_last and len(digits) != 12:
            forms.append([stretch])
        else:
            offsets = [0] if is_first else [len(digits) % 2] if is_last else [0, 1]
            forms.append(
                [
                    "".join(f":{d}" if n > 0 and (n + offset) % 2 == 0 else d for n, d in enumerate(digits))
                    for offset in offsets
                ]
            )
    wildcards = {"*": Wildcard.RUN, "?": Wildcard.ONE}
    return [
        tuple(wildcards.get(piece, piece) for piece in re.findall(r"[*?]|[^*?]+", "*".join(chosen)))
        for chosen in itertools.product(*forms)
    ]


def xname_order(xname: str) -> list[tuple[str, int]]:
    """Return the letters and numbers of an xname."""
    return [(letter, int(number)) for letter, number in re.findall("([a-z]+)([0-9]+)", xname)]


def ip_order(address: str) -> int:
    """Return the number of an address; IPv4 addresses stand where IPv6 maps them to."""
    found = ipaddress.ip_address(address)
    return int(found) + (0xFFFF << 32 if found.version == 4 else 0)


def ip_block(text: str, read: Callable[[str], str | None]) -> tuple[bool, range] | None:
    """Return whether a block such as 10.9.0.0/16 is of IPv6, and the numbers of its addresses."""
    address, _, length = text.partition("/")
    normal = read(address)
    if normal is None or not re.fullmatch("[0-9]{1,9}", length):
        return None
    bits = 128 if ":" in normal else 32
    if int(length) > bits:
        return None
    size = 1 << (bits - int(length))
    first = ip_order(normal) // size * size
    return ":" in normal, range(first, first + size)


def ip_address(*families: int) -> Callable[[str], str | None]:
    """Return a reader of addresses of the families, which the C library writes canonically."""

    def read(text: str) -> str | None:
        for family in families:
            try:
                return socket.inet_ntop(family, socket.inet_pton(family, text))
            except (OSError, ValueError):
                continue
        return None

    return read


def uuid(text: str) -> str | None:
    """Read a UUID of either case."""
    return text.lower() if FORMATS["uuid"](text) else None


def days(year: int, month: int, day: int) -> int:
    """Return the number of a day, of any year; the calendar repeats itself after 400."""
    return date(year % 400 + 400, month, day).toordinal() + (year // 400 - 1) * 146_097


def microseconds(text: str) -> int | None:
    """Read a time as an instant, from the years 1 to 9999."""
    if not FORMATS["date-time"](text):
        return None
    parts = DATE_TIME.fullmatch(text)
    year, month, day, hour, minute, second = map(int, parts.groups()[:6])
    offset = (int(parts[8] or 0) * 60 + int(parts[9] or 0)) * (-1 if parts[7] == "-" else 1)
    minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offset
    fraction = re.search(r"\.([0-9]+)", text)
    instant = (minutes * 60 + second) * 1_000_000 + int(f"{fraction[1] if fraction else '':0<6}"[:6])
    return instant if days(1, 1, 1) <= instant // 86_400_000_000 < days(10_000, 1, 1) else None


def integer(text: str) -> int | None:
    """Read an integer of 64 bits."""
    number = int(text) if re.fullmatch("-?[0-9]+", text) else None
    return number if number is not None and -MAXIMUM_INTEGER - 1 <= number <= MAXIMUM_INTEGER else None


def one_of(names: list[str]) -> Callable[[str], str | None]:
    """Return a reader of nothing but the names, in any case."""
    by_folded = {name.lower(): name for name in names}
    return lambda text: by_folded.get(text.lower())


def composed(text: str) -> str:
    """Return a text in Unicode's composed form."""
    return unicodedata.normalize("NFC", text)


TEXT = Form(composed, stored=composed, patterns=folded_by(composed))
STRUCTURE = Form(lambda text: None, patterns=None, is_ordered=False)
LOWER = folded_by(str.lower)
XNAMES = {
    "NodeXName": Form(hardware_xname("csbn"), patterns=xname_patterns, order=xname_order),
    "BMCXName": Form(hardware_xname("csb"), patterns=xname_patterns, order=xname_order),
    "ComponentXName": Form(component_xname, patterns=xname_patterns, order=xname_order),
}
FORMATTED = {
    "uuid": Form(uuid, patterns=LOWER),
    "mac-address": Form(mac_address, patterns=mac_patterns),
    "ipv4": Form(ip_address(socket.AF_INET), patterns=LOWER, order=ip_order),
    "ipv6": Form(ip_address(socket.AF_INET6), patterns=LOWER, order=ip_order),
    "date-time": Form(microseconds, stored=microseconds, patterns=None),
}
FAMILY_FORMS = {
    "ip": Form(ip_address(socket.AF_INET, socket.AF_INET6), patterns=LOWER, order=ip_order),
    "mac": FORMATTED["mac-address"],
}


def form(schema: Schema) -> Form:
    """Return the form of the values under a schema."""
    if schema["type"] == "object":
        return STRUCTURE
    if schema["type"] == "boolean":
        return Form({"true": True, "false": False}.get, patterns=None, is_ordered=False)
    if schema["type"] == "integer":
        return Form(integer, patterns=None)
    if "anyOf" in schema:
        return FAMILY_FORMS["mac" if any(each.get("format") == "mac-address" for each in schema["anyOf"]) else "ip"]
    if "enum" in schema:
        return Form(one_of(schema["enum"]), patterns=LOWER, folds_case=True)
    return XNAMES.get(schema.get("title", "")) or FORMATTED.get(schema.get("format", "")) or TEXT


# What names mean.


@dataclass(frozen=True)
class Path:
    """What a condition asks about: the values that a document has there.

    Where a list stands at the end, the list is what can be absent; an empty one is not.
    """

    values: Callable[[Document], list[Any]]
    form: Form
    synonyms: Mapping[str, str] = dataclasses.field(default_factory=dict)
    those_there: Callable[[Document], list[Any]] | None = None
    is_hostname: bool = False

    @property
    def names_nodes(self) -> bool:
        """Whether the values are host names or xnames."""
        return self.is_hostname or self.form.order is xname_order


@dataclass(frozen=True)
class Field(Path):
    """A path of JSON names; single where it leads through no list and no map."""

    keys: tuple[str, ...] = ()
    is_single: bool = True
    sort_keys: Callable[[Document], list[Any]] | None = None


def values_at(steps: list[tuple[str, bool]], stored: Callable[[Any], Any]) -> Callable[[Document], list[Any]]:
    """Return a function that returns all values at the end of steps, each a key and whether a list is there."""

    def values(document: Document) -> list[Any]:
        found = [document]
        for key, is_list in steps:
            found = [value[key] for value in found if key in value]
            if is_list:
                found = [element for elements in found for element in elements]
        return found if stored is same else [stored(value) for value in found]

    return values


def pruned(value: Any, paths: set[tuple[str, ...]]) -> Any:
    """Return a value with nothing but what the paths lead to."""
    if () in paths:
        return value
    if isinstance(value, list):
        return [pruned(element, paths) for element in value]
    kept = {path[0] for path in paths}
    return {
        key: pruned(member, {path[1:] for path in paths if path[0] == key})
        for key, member in value.items()
        if key in kept
    }


@dataclass(frozen=True)
class Answer:
    """What the server must answer, and whether it must say that there is more."""

    body: list[Document] | dict[str, int]
    has_more: bool = False


class Oracle:
    """The search over `documents`, as GET /{Kind} answers them, by kind; `schemas` are the program's own, by kind.

    It knows the present only, and so refuses `at` and `cursor` whatever they say.
    """

    def __init__(self, schemas: dict[str, Schema], documents: dict[str, list[Document]]) -> None:
        self.schemas = schemas
        self.documents = {
            kind: sorted(those, key=lambda document: document["UID" if kind == "Component" else "id"])
            for kind, those in documents.items()
        }
        collections = documents.get("NodeCollection", [])
        self.collection_names = {collection["id"]: composed(collection["name"]) for collection in collections}
        self.collections_of_node: dict[str, list[str]] = defaultdict(list)
        for collection in collections:
            for xname in collection["nodes"]:
                self.collections_of_node[xname].append(composed(collection["name"]))

    def search(self, kind: str, query: str) -> list[Document] | dict[str, int] | None:
        """Return what the server must answer; None where that is status 400."""
        answer = self.answer(kind, query)
        return answer and answer.body

    def answer(self, kind: str, query: str) -> Answer | None:
        """As `search`, with whether there is more than the limit."""
        try:
            reserved, predicates = self.parsed(kind, list(parameters(query)))
            count, limit = flag(reserved.get("count", "false")), page_size(reserved.get("limit"))
            order, kept = self.order(kind, reserved.get("sort")), self.kept(kind, reserved.get("fields"))
        except Malformed:
            return None
        found = self.documents[kind]
        for holds in predicates:
            found = list(filter(holds, found))
        if count:
            return Answer({"count": len(found)})
        for values, order_of, is_descending in reversed(order):
            present = [document for document in found if values(document)]
            present.sort(key=lambda document: order_of(values(document)[0]), reverse=is_descending)
            found = present + [document for document in found if not values(document)]
        page = found[:limit]
        return Answer([pruned(document, kept) for document in page], len(found) > len(page))

    def parsed(self, kind: str, given: list[tuple[str, str]]) -> tuple[dict[str, str], list[Predicate]]:
        """Return the reserved parameters, and the conditions as predicates."""
        once = {name for name, _ in given if name in RESERVED or (kind, name) in FLAGS}
        times = Counter(name for name, _ in given)
        if {"at", "cursor", "expect", "dry_run"} & once or any(times[name] > 1 for name in once):
            raise Malformed("a parameter that is not for this, or that comes twice")
        predicates: list[Predicate] = []
        conditions: dict[str, list[Alternative]] = defaultdict(list)
        for name, value in given:
            if (kind, name) in FLAGS:
                if flag(value):
                    predicates.append(self.condition(kind, FLAGS[kind, name], [Alternative("null")]))
            elif name not in RESERVED:
                conditions[name] += alternatives(value)
        everything = list(itertools.chain(*conditions.values()))
        if sum(alternative.size for alternative in everything) > MAXIMUM_NAMES:
            raise Malformed("too many names")
        if sum(alternative.size for alternative in everything if alternative.is_pattern) > MAXIMUM_PATTERNS:
            raise Malformed("too many patterns")
        predicates += [self.condition(kind, name, those) for name, those in conditions.items()]
        return {name: value for name, value in given if name in RESERVED}, predicates

    # Conditions

    def condition(self, kind: str, name: str, those: list[Alternative]) -> Predicate:
        """Return the predicate of a parameter."""
        parts = CONDITION_NAME.fullmatch(name)
        path = self.path(kind, parts["path"])
        has_sets = any(isinstance(piece, NumberSet) for alternative in those for piece in alternative.pieces)
        if any(alternative.has_set_operator for alternative in those) and (has_sets or path.names_nodes):
            raise Malformed("an operator of node sets")
        if parts["operator"] in COMPARISONS:
            return self.comparison(path, parts["operator"], those)
        equals = self.equality(path, those)
        return (lambda document: not equals(document)) if parts["operator"] == "!" else equals

    def equality(self, path: Path, those: list[Alternative]) -> Predicate:
        """Return whether some value at the path is one of the alternatives."""
        asks_for_absence = any(alternative.is_null for alternative in those)
        patterns = [alternative for alternative in those if alternative.is_pattern]
        plain = [alternative for alternative in those if not alternative.is_null and not alternative.is_pattern]
        names = [name for alternative in plain for name in alternative.names()]
        are_addresses = path.form.order is ip_order
        blocks = [ip_block(name, path.form.read) for name in names if are_addresses and "/" in name]
        if None in blocks:
            raise Malformed("what is no block of addresses")
        exact = self.exact_values(path, [name for name in names if not (are_addresses and "/" in name)])
        exact |= {path.synonyms[value.lower()] for value in exact if path.synonyms and value.lower() in path.synonyms}
        if patterns and path.form.patterns is None:
            raise Malformed("a pattern for values that take none")
        expressions = [text for pattern in patterns for text in pattern.expressions(path.form.patterns)]
        flags = re.DOTALL | (re.IGNORECASE if path.form.folds_case else 0)
        matches = re.compile("|".join(expressions), flags).fullmatch if expressions else None
        values, those_there = path.values, path.those_there or path.values

        def holds(document: Document) -> bool:
            if not those_there(document):
                return asks_for_absence
            found = values(document)
            if any((":" in value) == is_ipv6 and ip_order(value) in block for is_ipv6, block in blocks for value in found):
                return True
            return (bool(exact) and not exact.isdisjoint(found)) or (matches is not None and any(map(matches, found)))

        return holds

    def comparison(self, path: Path, operator_name: str, those: list[Alternative]) -> Predicate:
        """Return whether some value at the path compares so with one of the alternatives."""
        if not path.form.is_ordered or any(alternative.is_null or alternative.is_pattern for alternative in those):
            raise Malformed("a comparison of or with what is not ordered")
        order_of = path.form.order
        bounds = self.exact_values(path, [name for alternative in those for name in alternative.names()])
        bound = (min if operator_name in ("[gt]", "[ge]") else max)(bounds, key=order_of)
        compare, values = COMPARISONS[operator_name], path.values
        if path.form is FAMILY_FORMS["ip"]:
            return lambda document: any(
                compare(order_of(value), order_of(limit))
                for limit in bounds
                for value in values(document)
                if (":" in value) == (":" in limit)
            )
        limit = order_of(bound)
        return lambda document: any(compare(order_of(value), limit) for value in values(document))

    def exact_values(self, path: Path, names: list[str]) -> set[Any]:
        """Return the values that names spell."""
        values = {path.form.read(name) for name in names}
        if None in values:
            raise Malformed("what is no value of the field")
        return values

    # Names

    def path(self, kind: str, name: str) -> Path:
        """Return what a condition's name means."""
        if kind == "ComputeNode" and name == "collection":
            return Path(
                lambda document: self.collections_of_node.get(document.get("xname", ""), []),
                TEXT,
                self.collection_names,
            )
        if name in FAMILIES:
            fields = self.fields_of_formats(kind, FAMILIES[name])
            return Path(
                lambda document: [value for field in fields for value in field.values(document)], FAMILY_FORMS[name]
            )
        return self.field(kind, name)

    def field(self, kind: str, name: str) -> Field:
        """Return what a field's name means."""
        if "\0" in name:
            raise Malformed("no name has a zero byte, not even a key's")
        keys = ALIASES.get((kind, name), name).split(".")
        path: list[str] = []
        steps: list[tuple[str, bool]] = []
        schema, is_single = self.resolved(kind, self.schemas[kind]), True
        while keys:
            if keys[0] in schema.get("properties", ()):
                key = keys.pop(0)
                schema = self.resolved(kind, schema["properties"][key])
                if schema.get("writeOnly"):
                    raise Malformed(f"{name} is secret")
            elif isinstance(schema.get("additionalProperties"), dict):
                key, keys, is_single = ".".join(keys), [], False
                schema = self.resolved(kind, schema["additionalProperties"])
            else:
                raise Malformed(f"{name} is not known")
            is_list = schema["type"] == "array"
            if is_list:
                schema, is_single = self.resolved(kind, schema["items"]), False
            path.append(key)
            steps.append((key, is_list))
        found = form(schema)
        those_there = values_at([*steps[:-1], (steps[-1][0], False)], same)
        return Field(
            values_at(steps, found.stored),
            found,
            those_there=those_there,
            is_hostname=path[-1] == "hostname",
            keys=tuple(path),
            is_single=is_single,
            sort_keys=values_at(steps, same if found is TEXT else found.stored),
        )

    def resolved(self, kind: str, schema: Schema) -> Schema:
        """Return the definition that a schema refers to, or else the schema itself."""
        reference = schema.get("$ref")
        return self.schemas[kind]["$defs"][reference.removeprefix("#/$defs/")] if reference else schema

    def fields_of_formats(self, kind: str, formats: tuple[str, ...]) -> list[Field]:
        """Return the fields of some formats that the resource itself and the elements of its own lists have."""
        names = list(self.names_of_formats(kind, self.resolved(kind, self.schemas[kind]), formats))
        if not names:
            raise Malformed(f"{kind} has no fields of {formats}")
        return [self.field(kind, name) for name in names]

    def names_of_formats(self, kind: str, schema: Schema, formats: tuple[str, ...], path: str = "") -> Iterator[str]:
        """Yield the paths of those fields."""
        for name, field in schema["properties"].items():
            if {field.get("format"), *(each.get("format") for each in field.get("anyOf", ()))} & set(formats):
                yield path + name
            elements = self.resolved(kind, field.get("items", {}))
            if "properties" in elements:
                yield from self.names_of_formats(kind, elements, formats, f"{path}{name}.")

    # Reserved parameters

    def order(self, kind: str, value: str | None) -> list[tuple[Callable[[Document], list[Any]], Any, bool]]:
        """Read `sort` as fields' values, what these are ordered by, and whether they are to descend."""
        order = []
        for name in value.split(",") if value is not None else ():
            field = self.field(kind, name.removeprefix("-"))
            if not field.is_single or field.form is STRUCTURE:
                raise Malformed(f"{name} gives no order")
            order.append((field.sort_keys, field.form.order, name.startswith("-")))
        return order

    def kept(self, kind: str, value: str | None) -> set[tuple[str, ...]]:
        """Read `fields` as paths of keys; without it, the path to everything."""
        return {self.field(kind, name).keys for name in value.split(",")} if value is not None else {()}
