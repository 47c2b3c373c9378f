import Foundation
import Inventory
import Schema
import TestSupport
import Testing

@Suite("Values")
struct ValueTests {
    @Test(
        "MAC addresses are lower case with colons",
        arguments: [
            "02:00:5E:10:00:Af", "02-00-5e-10-00-af", "02:00:5e:10:00:af", "02005E1000af", "0200.5e10.00AF",
            "0200-5e10-00af", "02005e-1000af", "2:0:5e:10:0:af",
        ]
    )
    func macAddress(text: String) throws {
        #expect(try MACAddress(text).description == "02:00:5e:10:00:af")
    }

    @Test(
        "MAC addresses are refused in any other form",
        arguments: [
            "", "02005e1000a", "02:00:5e:10:00", "02:00:5e:10:00:af:00", "02:00-5e:10:00:af", "200.5e10.00af",
            "02:00:5e:10:00:ag", "02 00 5e 10 00 af", "０2:00:5e:10:00:a", " 02005e1000af", "02005e1000af ",
        ]
    )
    func macAddressRefused(text: String) {
        #expect(throws: InvalidValue.self) { try MACAddress(text) }
    }

    @Test(
        "host names are labels of letters, digits, - and _ with dots between them",
        arguments: [
            "a", "nid000001", "NID.cluster.example", "1.2.3.4", "a-b_c", "_a_", "a--b",
            String(repeating: "a", count: 63),
            Array(repeating: String(repeating: "a", count: 62), count: 4).joined(separator: ".") + "." + "a",
        ]
    )
    func hostName(text: String) throws {
        #expect(try HostName(text).description == text)
        #expect(Array(text.utf8).withUnsafeBufferPointer(HostName.isNormal))
    }

    @Test(
        "host names are refused in any other form, with a word about why",
        arguments: [
            ("", "is empty"), ("gpu node", #"has " ""#), ("a/b", #"has "/""#), ("ä", #"has "ä""#), ("a.", "has a dot"),
            (".a", "has a dot"), ("a..b", "has a dot"), ("-a", "label that begins"), ("a.b-", "label that begins"),
            (String(repeating: "a", count: 64), "more than 63"), ("a\n", #"has "\n""#),
            (
                Array(repeating: String(repeating: "a", count: 62), count: 4).joined(separator: ".") + ".ab",
                "more than 253"
            ),
        ] as [(String, String)]
    )
    func hostNameRefused(text: String, reason: String) {
        let error = #expect(throws: InvalidValue.self) { try HostName(text) }
        #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    }

    @Test(
        "other names can be printed and have no space at their ends",
        arguments: [
            ("x86_64", nil), ("Partition 1", nil), ("日本", nil), ("e\u{301}", nil), ("👩\u{200d}💻", nil),
            ("", "is empty"),
            (" a", "a space"), ("a ", "a space"), ("a\u{A0}", "a space"), ("\u{3000}a", "a space"), ("a\tb", "U+0009"),
            ("a\u{7f}", "U+007F"), ("a\u{85}b", "U+0085"), ("a\u{2028}b", "U+2028"), ("\u{FEFF}a", "a space"),
            ("a\0", "U+0000"),
        ] as [(String, String?)]
    )
    func name(text: String, reason: String?) {
        let fault = Name.fault(in: text)
        #expect(fault.map { fault in reason.map { fault.contains($0) } ?? false } ?? (reason == nil), "\(fault ?? "")")
        #expect(InterfaceName.fault(in: text) == (text.isEmpty ? nil : fault))
    }

    @Test("names are the same to a validator elsewhere, and what is surely one is one")
    func namePatterns() throws {
        var generator = SeededGenerator()
        for type in [HostName.self, Name.self, InterfaceName.self] as [any NameValue.Type] {
            var schema = type.stringSchema
            schema.check = nil
            let validator = try SchemaValidator(schema)
            for _ in 0..<5000 {
                let pieces = ["a", "-", ".", "_", " ", "Z0", "\u{A0}", "é", "\n", "\u{2028}", "\u{FEFF}", "0"]
                let text = (0..<Int.random(in: 0..<6, using: &generator)).map { _ in
                    pieces.randomElement(using: &generator)!
                }.joined()
                let isGood = type.fault(in: text) == nil
                #expect(
                    validator.violations(of: .string(text)).isEmpty == isGood,
                    "\(generator): \(type) \(text.debugDescription)"
                )
                let isNormal = Array(text.utf8).withUnsafeBufferPointer(type.isNormal)
                #expect(isGood || !isNormal, "\(generator): \(type) \(text.debugDescription)")
                #expect(isNormal || !isGood || !text.allSatisfy(\.isASCII), "\(generator): \(type) \(text)")
            }
        }
    }

    @Test("UUIDs are read in any case")
    func uuid() throws {
        let text = "0198C0DE-0000-7000-8000-0000000000aF"
        #expect(UUID(spelling: text)?.lowercased == text.lowercased())
    }

    @Test("UUIDs are written as Foundation writes them, but in lower case")
    func uuidWritten() {
        for _ in 0..<1000 {
            let id = UUID()
            let text = id.uuidString.lowercased()
            #expect(id.lowercased == text)
            var bytes = Array("[".utf8)
            id.appendJSON(to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == "[\"\(text)\"")
        }
    }

    @Test(
        "UUIDs are refused in any other form",
        arguments: [
            "", "0198c0de-0000-7000-8000-00000000001", "0198c0de-0000-7000-8000-0000000000011",
            "0198c0de00007000800000000000000100000", "0198c0de- 000-7000-8000-000000000001",
            "0198c0de-0000-7000-8000-00000000000g", "0198c0de-0000-7000-8000-0000000000０",
        ]
    )
    func uuidRefused(text: String) {
        #expect(UUID(spelling: text) == nil)
    }

    @Test(
        "IPv6 addresses are written as RFC 5952 says",
        arguments: [
            ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"), ("0:0:0:0:0:0:0:1", "::1"),
            ("15a:e91b:7acf:a5ac:7235:bc73:10f5:664a", "15a:e91b:7acf:a5ac:7235:bc73:10f5:664a"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ]
    )
    func ipv6(text: String, normal: String) throws {
        #expect(try IPv6Address(text).description == normal)
    }

    @Test("Whatever is taken for the normal spelling of an IPv6 address is one, and what is common is")
    func ipv6Normal() throws {
        let pieces = ["0", "", "1", "ffff", "00", "01", "12345", "fd00", "A", "g", "a0", "1.2.3.4"]
        let common = ["fd00::1", "fe80::1:0:2", "2001:db8::8:800:200c:417a", "1:2:3:4:5:6:7:0", "::4:3:2:1", "fd00::"]
        var generator = SeededGenerator()
        for _ in 0..<100_000 {
            let groups = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                pieces.randomElement(using: &generator)!
            }
            var text = groups.joined(separator: ":")
            if Bool.random(using: &generator) { text = text.replacing(":0:", with: "::", maxReplacements: 1) }
            let isNormal = Array(text.utf8).withUnsafeBufferPointer(IPv6Address.isNormal)
            if isNormal { #expect(try IPv6Address(text).description == text, "\(generator)") }
        }
        for text in common {
            #expect(Array(text.utf8).withUnsafeBufferPointer(IPv6Address.isNormal), "\(text)")
        }
    }

    @Test(
        "IP addresses are refused in any other form",
        arguments: ["", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "1.2.3.4\0", "fe80::1", "1.2.3.4/8"]
    )
    func ipv4Refused(text: String) {
        #expect(throws: InvalidValue.self) { try IPv4Address(text) }
    }

    @Test("IPv6 addresses have no zone", arguments: ["fe80::1%eth0", "::1::", "12345::", "1.2.3.4"])
    func ipv6Refused(text: String) {
        #expect(throws: InvalidValue.self) { try IPv6Address(text) }
    }

    @Test(
        "times are in UTC, to the microsecond",
        arguments: [
            ("2026-11-23T18:20:00Z", "2026-11-23T18:20:00Z"),
            ("2026-11-23t18:20:00.1230z", "2026-11-23T18:20:00.123Z"),
            ("2026-11-23T18:20:00.1234567+02:00", "2026-11-23T16:20:00.123456Z"),
            ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"),
            ("2024-02-29T23:59:59.999999-00:01", "2024-03-01T00:00:59.999999Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ]
    )
    func timestamp(text: String, normal: String) throws {
        #expect(try Timestamp(text).description == normal)
        #expect(try Timestamp(normal).description == normal)
    }

    @Test(
        "times of any year become the nearest that can be written",
        arguments: [
            ("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59-00:01", "9999-12-31T23:59:59.999999Z"),
            ("2026-11-23T18:20:00.5Z", "2026-11-23T18:20:00.5Z"),
        ]
    )
    func nearest(text: String, nearest: String) {
        #expect(Timestamp(nearest: text)?.description == nearest)
    }

    @Test(
        "times are refused when they are none, or are outside the years 1 to 9999 in UTC",
        arguments: [
            "", "2026-11-23", "2026-11-23 18:20:00Z", "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z",
            "0000-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        ]
    )
    func timestampRefused(text: String) {
        #expect(throws: InvalidValue.self) { try Timestamp(text) }
    }

    @Test("times agree with Foundation's, for a day of every month of 400 years")
    func timestampsAgreeWithFoundation() throws {
        for month in 0..<4800 {
            let seconds = Int64(month) * 2_629_800 - 6_000_000_000
            let expected = Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
            #expect(Timestamp(microseconds: seconds * 1_000_000).description == expected)
            #expect(try Timestamp(expected).microseconds == seconds * 1_000_000)
        }
    }

    @Test("new identifiers are of version 7, begin with the time and grow")
    func version7() throws {
        let before = Date().timeIntervalSince1970
        let ids = (0..<10_000).map { _ in UUID.version7() }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
        let text = ids[0].lowercased
        #expect(text.dropFirst(14).first == "7")
        #expect(["8", "9", "a", "b"].contains(text.dropFirst(19).first))
        let milliseconds = try #require(Int(text.replacing("-", with: "").prefix(12), radix: 16))
        #expect(abs(Double(milliseconds) / 1000 - before) < 60)
    }
}
