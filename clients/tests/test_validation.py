"""Formats, patterns, pointers, and what a violation says."""

from __future__ import annotations

import jsonschema
import pytest

from client import make_validator
from conftest import WIDGET_SCHEMA
from validation import violations

ACCEPTED = {
    "uuid": [
        "6a2b6c1e-0b7d-4c53-9d0e-5d2a8f0c1b11", "00000000-0000-0000-0000-000000000000",
        "ABCDEF01-2345-6789-abcd-EF0123456789",
    ],
    "ipv4": ["0.0.0.0", "255.255.255.255", "10.1.0.9"],
    "ipv6": [
        "::", "::1", "1::", "fd00::1:2", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::ffff:10.0.0.1",
        "1:2:3:4:5:6:1.2.3.4", "FD00::A",
    ],
    "mac-address": [
        "02:00:5e:10:00:01", "02-00-5E-10-00-01", "AA:bb:CC:dd:EE:ff", "02005e100001", "0200.5e10.0001",
        "0200-5e10-0001", "02005E-100001", "2:0:5e:10:0:1",
    ],
    "date-time": [
        "2026-11-23T18:20:00Z", "2026-11-23t18:20:00z", "2026-11-23T18:20:00.123456789+05:30", "2024-02-29T00:00:00Z",
        "2000-02-29T00:00:00-00:00", "0000-02-29T00:00:00Z", "1998-12-31T23:59:60Z", "1998-12-31T15:59:60.5-08:00",
        "2016-12-31T23:59:60+00:00", "1999-01-01T05:29:60+05:30",
    ],
    "email": ["joe@example.org", "joe.bloggs+tag@example", "!#$%&'*+-/=?^_`{|}~@a", f"{'x' * 64}@a"],
    "hostname": ["nid000001", "a.b-c.D", "123", "1.2.3.4", "x" * 63, ".".join(["x" * 63] * 3) + "." + "x" * 61],
    "uri": [
        "http://example.org", "https://user:pw@host:8080/a/b;c=d?e=f#g", "http://[::1]:80/", "urn:a:b", "file:///",
        "file:///boot/vmlinuz", "mailto:a@b", "s3://bucket/key%20name", "http:", "http:/a", "tftp://10.0.0.1/x",
    ],
}  # fmt: skip

REFUSED = {
    "uuid": [
        "", "6a2b6c1e0b7d4c539d0e5d2a8f0c1b11", "6a2b6c1e-0b7d-4c53-9d0e-5d2a8f0c1b1",
        "6a2b6c1e-0b7d-4c53-9d0e-5d2a8f0c1b1g", "{6a2b6c1e-0b7d-4c53-9d0e-5d2a8f0c1b11}",
        "6a2b6c1e-0b7d-4c53-9d0e-5d2a8f0c1b11\n",
    ],
    "ipv4": [
        "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.", "1.2.3.4 ", "1.2.3.4\n",
        "1.2.3.٤", "0x1.2.3.4", "1.2.3.+4",
    ],
    "ipv6": [
        "", ":", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2:3:4:5:6:7:8", "::1%eth0",
        "::1.2.3.256", "::1.2.3", "::01.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::g", "::1/64", " ::1", "::1\n",
        ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:",
    ],
    "mac-address": [
        "", "02:00:5e:10:00", "02:00:5e:10:00:01:02", "02:00:5e-10:00:01", "02005e10000", "02:00:5e:10:00:0g",
        "02:00:5e:10:00:01\n", "200.5e10.0001", "0200.5e10-0001", "02005e:100001", " 02005e100001", "2::5e:10:0:1",
    ],
    "date-time": [
        "", "2026-11-23", "2026-11-23 18:20:00Z", "2026-11-23T18:20:00", "2026-11-23T18:20Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:60Z",
        "1998-12-31T23:58:60Z",
        "1998-12-31T23:59:60+01:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
        "2026-01-01T00:00:00+0000", "2026-01-01T00:00:00Z\n", "２026-01-01T00:00:00Z", "12026-01-01T00:00:00Z",
    ],
    "email": [
        "", "joe", "@example.org", "joe@", "joe..b@example.org", ".joe@example.org", "joe.@example.org",
        "joe b@example.org", "joe@exa mple", "joe@-a", "joe@[1.2.3.256]", "joe@[::1]", "joe@[127.0.0.1]",
        '"joe"@a', f"{'x' * 65}@a", "joé@example.org", "a@b@c", "joe@example.org\n",
    ],
    "hostname": ["", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b", "ä", "x" * 64, ".".join(["x" * 63] * 4), "a\n"],
    "uri": [
        "", "example.org/a", "//example.org", "/a", "1http://a", "http://a b", "http://a/%2", "http://a/%zz",
        "http://[::1", "http://[::1%25eth0]/", "http://[v1.a:b]/", "http://[::1]a", "http://[1.2.3.4]/",
        "http://a:b/", "http://a/<b>", "http://ä/", "http://a#b#c", ":a", "http://a\n", "http://a/\\b",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in ACCEPTED for text in ACCEPTED[name]])
def test_a_format_accepts(name, text):
    assert make_validator({"format": name}).is_valid(text)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in REFUSED for text in REFUSED[name]])
def test_a_format_refuses(name, text):
    assert not make_validator({"format": name}).is_valid(text)


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_format_says_nothing_on_what_is_not_a_string(name):
    assert all(make_validator({"format": name}).is_valid(value) for value in (None, True, 7, 1.5, [], {}))


def test_an_unknown_format_is_an_annotation():
    assert make_validator({"format": "duration"}).is_valid("not a duration")


@pytest.mark.parametrize(
    ("pattern", "text", "valid"),
    [
        (r"^a$", "a", True),
        (r"^a$", "a\n", False),
        (r"^(a$|b)", "a\n", False),
        (r"^a\$", "a$b", True),
        (r"^[$]$", "$", True),
        (r"^[\]$]$", "$", True),
        (r"^\\$", "\\", True),
        (r"^\d+$", "12", True),
        (r"^\d+$", "１２", False),
        (r"^\w$", "ä", False),
        (r"b", "abc", True),
        (r"^.$", "\u2028", False),
        (r"^\.[.]$", "..", True),
    ],
)
def test_a_pattern_is_that_of_ecma_262(pattern, text, valid):
    assert make_validator({"pattern": pattern}).is_valid(text) is valid


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"name": "w1", "size": 1}, []),
        ([], ["(document): the value is not of type 'object'"]),
        ({}, ["/name: is required", "/size: is required"]),
        (
            {"name": "w1", "size": 1, "a/b": 1, "c~d": 2},
            ["/a~1b: is not a known property", "/c~0d: is not a known property"],
        ),
        (
            {"name": "w1", "size": 1, "parts": [{"name": "w2", "size": 1}, {"name": "w3", "size": "big"}]},
            ["/parts/1/size: 'big' is not of type 'integer'"],
        ),
        ({"name": "w1", "size": 1, "secret": "HUNTER2"}, ["/secret: the value does not match ^[a-z]+$"]),
        ({"name": "w1", "size": 1, "secret": 17}, ["/secret: the value is not of type 'string'"]),
        ({"name": "w1", "size": 1, "address": "x" * 100}, ["/address: the value is not a 'ipv4'"]),
        ({"name": "w1", "size": 1, "parts": {"secret": "hunter2"}}, ["/parts: the value is not of type 'array'"]),
    ],
)  # fmt: skip
def test_every_violation_is_told_with_its_pointer_and_without_secrets(document, expected):
    assert violations(make_validator(WIDGET_SCHEMA), document) == expected


def test_additional_properties_keep_their_schema_and_patterns():
    schema = {"patternProperties": {"^x-": True}, "additionalProperties": {"type": "string"}}
    assert violations(make_validator(schema), {"x-a": 1, "b": "c", "d": 2}) == ["/d: 2 is not of type 'string'"]


def test_what_is_no_schema_is_refused():
    with pytest.raises(jsonschema.SchemaError):
        make_validator({"type": "text"})


def test_nothing_is_fetched_for_a_reference():
    with pytest.raises(Exception, match="Unresolvable"):
        violations(make_validator({"$ref": "http://127.0.0.1:1/schema.json"}), {})
