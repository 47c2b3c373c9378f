import Schema
import TestSupport
import Testing

struct StringFormatTests {
    private struct Sample {
        let format: StringFormat
        let good: [String]
        let bad: [String]
    }

    private static let label63 = String(repeating: "a", count: 63)

    private static let samples: [Sample] = [
        Sample(
            format: .uuid,
            good: [
                "8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1", "8F14E45F-CEEA-467F-A0E6-BD2F4AD4B8A1",
                "00000000-0000-0000-0000-000000000000",
            ],
            bad: [
                "", "8f14e45fceea467fa0e6bd2f4ad4b8a1", "{8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1}",
                "8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a",
                "8f14e45g-ceea-467f-a0e6-bd2f4ad4b8a1", "8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1\n",
                "8f14e45f-ceea467f--a0e6-bd2f4ad4b8a1",
            ]
        ),
        Sample(
            format: .ipv4,
            good: ["0.0.0.0", "10.1.2.3", "255.255.255.255"],
            bad: [
                "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "1..2.3", "1.2.3.-4", "0x7f.0.0.1",
                "１.2.3.4", "1.2.3.0004",
            ]
        ),
        Sample(
            format: .ipv6,
            good: [
                "::", "::1", "1::", "fd00::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
                "::ffff:10.0.0.1",
                "1:2:3:4:5:6:10.0.0.1", "FE80::A:B", "1::3:4:5:6:7:8", "64:ff9b::10.0.0.1",
            ],
            bad: [
                "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1::", "1::2::3", ":1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:",
                "12345::", "g::", "fe80::1%eth0", "::10.0.0.256", "10.0.0.1", "::10.0.0.1:1", "fd00::/64",
                "1:2:3:4:5:6:7:10.0.0.1",
                "1:2:3:4::5:6:7:8", "[::1]", "10.0.0.1::",
            ]
        ),
        Sample(
            format: .macAddress,
            good: [
                "02:00:00:00:00:01", "AA-bb-CC-dd-EE-ff", "0200.0000.0001", "0200-0000-0001", "0200:0000:0001",
                "020000-000001", "020000000001", "2:0:0:0:0:1", "2-00-0-0-0-1",
            ],
            bad: [
                "", "02:00:00:00:00", "02:00:00:00:00:01:02", "02:00:00:00:00-01", "0g:00:00:00:00:01",
                "02:00:00:00:00:01\n", " 02:00:00:00:00:01", "2::0:0:0:1", "002:0:0:0:0:1", ":2:0:0:0:0",
                "02.00.00.00.00.01",
                "200.0000.0001", "0200.0000-0001", "0200.0000.00010", "02000.000.0001", "020000:000001",
                "20000-0000001",
                "02000000001", "0200000000011", "0x0200000001", "０20000000001",
            ]
        ),
        Sample(
            format: .dateTime,
            good: [
                "2026-01-31T23:59:59Z", "2024-02-29t00:00:00.123456789z", "2000-02-29T12:00:00+05:30",
                "1990-12-31T23:59:60Z",
                "1990-12-31T15:59:60-08:00", "1998-12-31T23:59:60.5Z", "1991-01-01T00:29:60+00:30",
                "0000-01-01T00:00:00Z",
            ],
            bad: [
                "", "2026-01-31", "2026-01-31T23:59Z", "2026-01-31T23:59:59", "2026-01-31 23:59:59Z",
                "2023-02-29T00:00:00Z",
                "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z",
                "2026-01-00T00:00:00Z",
                "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "1998-12-31T22:59:60Z",
                "1998-12-31T23:58:60Z",
                "1998-12-31T23:59:60+01:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00",
                "2026-01-01T00:00:00+00:60",
                "2026-01-01T00:00:00+0000", "2026-01-01T00:00:00ZZ", "2026-1-1T00:00:00Z", "26-01-01T00:00:00Z",
            ]
        ),
        Sample(
            format: .email,
            good: ["a@b", "a.b+c@example.com", "!#$%&'*+-/=?^_`{|}~@x"],
            bad: [
                "", "a", "@b", "a@", "a@@b", "a b@c", ".a@b", "a.@b", "a..b@c", "a@-b", "a@[127.0.0.1]", "\"a b\"@c",
                "é@b",
                String(repeating: "a", count: 65) + "@b",
            ]
        ),
        Sample(
            format: .hostname,
            good: ["a", "nid000001", "a-b.example.com", "1.2", label63, "A.B"],
            bad: [
                "", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b", "é", label63 + "a",
                [label63, label63, label63, label63].joined(separator: "."),
            ]
        ),
        Sample(
            format: .uri,
            good: [
                "http://a", "http://a/b?c=d#e", "urn:isbn:1", "file:///a", "http://u:p@[::1]:80/", "mailto:a@b",
                "a+b-c.1:", "http://a:/",
                "x:%20", "http://a/?#", "http://10.0.0.1:8080/a;b=c",
            ],
            bad: [
                "", "a", "/a", "//a", "http//a", "1a:b", ":a", "http://a b", "http://a/%zz", "http://a/%2",
                "http://a#b#c", "http://[::1",
                "http://[g::]", "http://[::1]x", "http://a:b", "http://a/é", "http://a/[", "x:<>", "x:\"", "x:\\",
                "http://a/\n",
            ]
        ),
    ]

    @Test("A format accepts what its rule allows and nothing else", arguments: StringFormat.allCases)
    func formatAccepts(format: StringFormat) throws {
        let sample = try #require(Self.samples.first { $0.format == format })
        for text in sample.good { #expect(format.accepts(text), "\(text)") }
        for text in sample.bad { #expect(!format.accepts(text), "\(text)") }
    }

    @Test("No mutation of a string ends the process", arguments: StringFormat.allCases)
    func mutationString(format: StringFormat) throws {
        let sample = try #require(Self.samples.first { $0.format == format })
        var generator = SeededGenerator()
        var refusedCount = 0
        for _ in 0..<2000 {
            var characters = Array(sample.good.randomElement(using: &generator) ?? "")
            for _ in 0..<Int.random(in: 1..<4, using: &generator) where !characters.isEmpty {
                let place = Int.random(in: characters.indices, using: &generator)
                if Bool.random(using: &generator) {
                    characters.remove(at: place)
                } else {
                    characters[place] = ":.-/@[]%#aé0".randomElement(using: &generator) ?? "x"
                }
            }
            if !format.accepts(String(characters)) { refusedCount += 1 }
        }
        #expect(refusedCount > 0, "\(generator)")
    }
}
