"""An endless supply of raw queries for searches: good ones made of what real documents hold, and broken ones."""

from __future__ import annotations

import random
import re
import string
import unicodedata
from typing import Any, Callable, Iterable, Iterator

Document = dict[str, Any]

SEVERAL_AT_ONCE = {
    "ip": re.compile(r"(boot_|network_interfaces\.)?ipv[46]_address"),
    "mac": re.compile(r"boot_mac|(network_interfaces\.)?mac_address"),
}
OTHER_NAMES = {"architecture": "arch", "bmc.mac_address": "bmc_mac", "nodes": "node"}
FLAGS = (
    "missingXName", "missingHostname", "missingArch", "missingBootMAC", "missingBMCMAC", "missingIPV4", "missingIPV6",
)  # fmt: skip
OPERATORS = ("",) * 12 + ("!",) * 4 + ("[gt]", "[ge]", "[lt]", "[le]")
PLAIN_CHARACTERS = string.ascii_letters + string.digits + "-._~"
LOOSE_CHARACTERS = "[],*?!:/@$'();"
BROKEN_PARTS = (
    "limit=0", "limit=-1", "limit=", "limit=ten", "limit=1e3", "limit=1.0", "limit=+1", "limit=1,2", "limit!=1",
    "sort=", "sort=-", "sort=--id", "sort=nope", "sort=id,", "sort=network_interfaces.mac_address", "sort=bmc",
    "sort=missingXName", "sort[gt]=id", "sort=%69d", "sort=-id,-id", "fields=", "fields=,", "fields=nope",
    "fields=id,", "fields=-id", "fields=%69d", "count=", "count=TRUE", "count=1", "count=false", "cursor=",
    "cursor=junk", "at=junk", "expect=1", "expect=", "dry_run=true", "dry_run=false", "missingXName=yes",
    "missingXName=", "missingXName!=true", "missingXName[gt]=true", "missingXName=false", "HOSTNAME=x",
    "hostname[GT]=x",
    "hostname[gt]=null", "hostname[eq]=x", "hostname[ge=x", "hostname]=x", "hostname!!=x", "[gt]=x", "!=x", "=x", "=",
    "&", "bmc=x", "bmc=*", "bmc.=x", ".hostname=x", "bmc..xname=x", "hostname.x=x", "cloud_init_data=x",
    "cloud_init_data.=",
    "hostname=%5C", "hostname=[", "hostname=]", "hostname=[]", "hostname=[a]", "hostname=[1-]", "hostname=[2-1]",
    "hostname=[1,,2]", "hostname=[1-2-3]", "hostname=[1234567890]", "hostname=[1%5C-2]", "hostname=nid[1-300]*",
    "hostname=[1-999999999]", "hostname=[0-9][0-9][0-9][0-9][0-9][0-9]", "hostname=%FF", "hostname=%zz", "hostname=%",
    "hostname=%C3%A4", "%68ostname=x", "hostname%21=x", "hostname%5Bgt%5D=n", "hostname=a=b", "id=x", "UID=x", "id=*-*",
    "ip=x", "ip=::1", "mac=x", "collection=null", "collection!=*", "name=*", "nodes=null", "ID=x0", "NID=007", "NID=1*",
    "Enabled=true", "Enabled[gt]=false", "Enabled=tru?", "Type=node", "type=j*",
)  # fmt: skip
FREE_TEXTS = ("hostname", "description", "location_string", "architecture", "network_interfaces.description")
MUTATIONS = (
    *"[]\\,*?!=&%+.-_:~0129aZ", "%5C", "%2C", "%00", "%C3%A4", "%ff", "%5b", "null", "[1-3]", "&limit=", "",
)  # fmt: skip


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the paths and values of a document, and those of its structures with None; free-form objects stay shut."""
    if isinstance(value, list):
        for element in value:
            yield from leaves(element, path)
    elif isinstance(value, dict):
        if path:
            yield path, None
        for key, member in value.items() if not path.endswith("extended_data") else ():
            yield from leaves(member, f"{path}.{key}" if path else key)
    else:
        yield path, value


class Queries:
    """Raw queries for documents by kind, each with the kind to ask for."""

    def __init__(self, documents: dict[str, list[Document]], source: random.Random) -> None:
        self.documents = documents
        self.source = source
        self.paths = {
            kind: sorted({path for document in those for path, _ in leaves(document)})
            for kind, those in documents.items()
        }
        self.collection_names = [
            name for collection in documents["NodeCollection"] for name in (collection["name"], collection["id"])
        ]

    def sometimes(self, probability: float) -> bool:
        """Return True with a probability."""
        return self.source.random() < probability

    def query(self) -> tuple[str, str]:
        """Return a kind and a query with one to four conditions and some of the reserved parameters."""
        kind = self.source.choice(("ComputeNode", "ComputeNode", "ComputeNode", "BMC", "NodeCollection", "Component"))
        model = self.source.choice(self.documents[kind])
        parts = [self.condition(kind, model) for _ in range(self.source.choice((1, 1, 1, 2, 2, 3, 4)))]
        parts += self.reserved(kind)
        self.source.shuffle(parts)
        return kind, "&".join(parts)

    def broken_query(self) -> tuple[str, str]:
        """Return a kind and a query that went through one or two changes, for the better or the worse."""
        if self.sometimes(0.3):
            kind, query = self.query()
        else:
            kind, name = "ComputeNode", self.source.choice(FREE_TEXTS)
            query = self.parameter(name, self.values(kind, self.source.choice(self.documents[kind]), name.__eq__))
        for _ in range(self.source.choice((1, 1, 2))):
            if self.sometimes(0.2):
                query = "&".join(filter(None, (query, self.source.choice(BROKEN_PARTS))))
                continue
            start = self.source.randrange(query.find("=") + 1 if self.sometimes(0.8) else 0, len(query) + 1)
            end = start + self.source.choice((0, 0, 0, 1, 1, 2, 5))
            query = query[:start] + self.source.choice(MUTATIONS) + query[end:]
        return kind, query

    # Conditions

    def condition(self, kind: str, model: Document) -> str:
        """Return a parameter that a model answers more often than not."""
        if kind == "ComputeNode" and self.sometimes(0.05):
            return f"{self.source.choice(FLAGS)}={self.source.choice(('true', 'false'))}"
        if kind == "ComputeNode" and self.sometimes(0.1):
            return self.parameter("collection", self.collection_names)
        if self.sometimes(0.3):
            path = self.source.choice(self.paths[kind])
            model = self.source.choice(self.documents[kind])
        else:
            path = self.source.choice([path for path, _ in leaves(model)])
        for name, paths in SEVERAL_AT_ONCE.items():
            if kind in ("ComputeNode", "BMC") and paths.fullmatch(path) and self.sometimes(0.5):
                return self.parameter(name, self.values(kind, model, paths.fullmatch))
        name = OTHER_NAMES[path] if path in OTHER_NAMES and self.sometimes(0.5) else path
        return self.parameter(name, self.values(kind, model, path.__eq__))

    def values(self, kind: str, model: Document, is_wanted: Callable[[str], Any]) -> list[Any]:
        """Return what a model has at some paths, and another document."""
        documents = (model, self.source.choice(self.documents[kind]))
        return [value for document in documents for path, value in leaves(document) if is_wanted(path)]

    @staticmethod
    def texts(values: Iterable[Any]) -> Iterator[str]:
        """Yield how queries spell the values that are not structures."""
        for value in values:
            if value is not None:
                yield str(value).lower() if isinstance(value, bool) else str(value)

    def parameter(self, name: str, values: list[Any]) -> str:
        """Return a parameter that asks for some of the values, or for something like them."""
        texts = list(self.texts(values))
        operator = self.source.choice(OPERATORS if texts or self.sometimes(0.02) else ("", "!"))
        count = self.source.choice((1, 1, 1, 2, 3))
        if operator.startswith("["):
            chosen = [self.escaped(self.source.choice(texts or ["0"])) for _ in range(count)]
        else:
            chosen = [self.alternative(texts) for _ in range(count)]
        separator = "," if self.sometimes(0.7) else f"&{self.encoded(name)}{self.encoded(operator)}="
        return f"{self.encoded(name)}{self.encoded(operator)}={separator.join(map(self.encoded, chosen))}"

    def alternative(self, texts: list[str]) -> str:
        """Return a value, something that stands for it or is near it, or `null`."""
        if not texts or self.sometimes(0.05):
            return "null"
        text = self.source.choice(texts)
        make = self.source.choice(
            (self.escaped, self.escaped, self.escaped, self.respelled, self.pattern, self.pattern, self.with_numbers)
        )
        made = make(text)
        if make == self.with_numbers and self.sometimes(0.3):
            made = self.source.choice((f"{made}*", f"*{made}", f"?{made}"))
        return made

    def escaped(self, text: str) -> str:
        """Return what means exactly the text."""
        if text == "null":
            return r"\null"
        return "".join(
            f"\\{character}" if character in r"\,*?[]" or self.sometimes(0.02) else character for character in text
        )

    def respelled(self, text: str) -> str:
        """Return a text with another spelling of what it may be: an address, a UUID, an xname, a time, a word."""
        if re.fullmatch("(..:){5}..", text):
            digits = text.replace(":", "")
            return self.source.choice(
                (
                    text.upper().replace(":", self.source.choice(":-")),
                    digits,
                    self.source.choice(".-:").join(re.findall("....", digits)).upper(),
                    re.sub("0([0-9a-f])", r"\1", text),
                    f"{digits[:6]}-{digits[6:]}",
                )
            )
        if re.fullmatch("x[0-9]+(c[0-9].*)?", text):
            text = re.sub(r"([csbn])(?=[0-9](?![0-9]))", r"\g<1>0", text)
            return self.source.choice((text, text.upper(), re.sub("x0*(?=[0-9])", "x", text), f"x0000{text[1:]}"))
        if re.fullmatch("[0-9-]+T[0-9:.]+Z", text):
            return text.replace("Z", self.source.choice(("z", "+00:00", "-00:00", ".000Z", "0Z")))
        if self.sometimes(0.3):
            return self.escaped(unicodedata.normalize(self.source.choice(("NFC", "NFD")), text))
        return self.escaped(text.upper() if self.sometimes(0.3) else text)

    def pattern(self, text: str) -> str:
        """Return a text with wildcards for some of it; an address may have no separators before."""
        if re.fullmatch("(..:){5}..", text) and self.sometimes(0.4):
            text = self.source.choice(("", "-", ".")).join(re.findall("....", text.replace(":", "")))
        for _ in range(self.source.choice((1, 1, 2))):
            start, end = sorted(self.source.randrange(len(text) + 1) for _ in range(2))
            gap = self.source.choice(("\1", "\1", "\2" * (end - start), "\2", "\1\2"))
            text = text[:start] + gap + text[end:]
        return self.escaped(text).replace("\\\1", "\1").replace("\\\2", "\2").replace("\1", "*").replace("\2", "?")

    def with_numbers(self, text: str) -> str:
        """Return a text with numbers in brackets for one or two of those that it has."""
        runs = list(re.finditer("[0-9]{1,9}", text))
        pieces, position = [], 0
        for run in sorted(self.source.sample(runs, min(len(runs), self.source.choice((1, 1, 2)))), key=re.Match.start):
            pieces += [self.escaped(text[position : run.start()]), self.numbers(run[0])]
            position = run.end()
        return "".join([*pieces, self.escaped(text[position:])])

    def numbers(self, digits: str) -> str:
        """Return a set of numbers that has one."""
        near = self.source.randrange(max(0, int(digits) - 9), int(digits) + 1)
        last = int(digits) + self.source.randrange(10)
        first = f"{near:0{len(digits)}d}"
        inside = self.source.choice((f"{first}-{last}", digits, f"{first},{digits}", f"{first}-{last},{digits}"))
        return f"[{inside}]"

    # Reserved parameters

    def reserved(self, kind: str) -> list[str]:
        """Return some of `sort`, `fields`, `limit` and `count`."""
        parts = []
        if self.sometimes(0.4):
            top = [path for path in self.paths[kind] if self.sometimes(0.05) or not self.is_inside(kind, path)]
            names = self.source.sample(top, self.source.randrange(1, 4))
            parts.append("sort=" + ",".join(self.encoded(self.source.choice(("", "-")) + name) for name in names))
        if self.sometimes(0.3):
            names = self.source.sample(self.paths[kind], self.source.randrange(1, 5))
            parts.append("fields=" + ",".join(map(self.encoded, names)))
        if self.sometimes(0.3):
            parts.append(f"limit={self.source.choice((1, 2, 10, 100, 10**6))}")
        if self.sometimes(0.08):
            parts.append(f"count={self.source.choice(('true', 'true', 'false'))}")
        return parts

    def is_inside(self, kind: str, path: str) -> bool:
        """Return whether a path seems to be a structure, or to lead through a list or a map."""
        return (
            path == "nodes"
            or any(part in path for part in ("network_interfaces", "cloud_init_data", "extended_data"))
            or any(other.startswith(f"{path}.") for other in self.paths[kind])
        )

    # Encoding

    def encoded(self, text: str) -> str:
        """Return a text percent-encoded, one way or another."""
        return "".join(map(self.encoded_character, text))

    def encoded_character(self, character: str) -> str:
        """Return a character as it is where it may stand in a query, or else percent-encoded."""
        if character == " " and self.sometimes(0.5):
            return "+"
        if character in PLAIN_CHARACTERS and not self.sometimes(0.01):
            return character
        if character in LOOSE_CHARACTERS and self.sometimes(0.6):
            return character
        code = "".join(f"%{byte:02X}" for byte in character.encode())
        return code.lower() if self.sometimes(0.2) else code
