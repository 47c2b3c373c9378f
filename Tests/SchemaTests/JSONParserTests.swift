import Schema
import TestSupport
import Testing

struct JSONParserTests {
    @Test(
        "Reads what RFC 8259 allows",
        arguments: [
            ("null", nil),
            (" \t\r\n true ", true),
            ("-0", 0),
            ("1.50e+2", 150),
            (#""""#, ""),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{08}\u{0C}\n\r\t"),
            (#""\u00e9\uD83D\ude00\u0000""#, "é😀\u{0}"),
            ("\"é😀\u{7F}\"", "é😀\u{7F}"),
            ("[]", []),
            ("[ ]", []),
            ("{ }", [:]),
            (#"[1, "a" ,[{}]]"#, [1, "a", [[:]]]),
            (#"{"b":1,"a":{"b":null}}"#, ["a": ["b": nil], "b": 1]),
        ] as [(String, JSONValue)]
    )
    func readsWhat(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
        // RFC 8259, section 8.1: a byte order mark before it may be read over.
        #expect(try JSONValue(parsing: "\u{FEFF}\(text)") == value)
    }

    @Test(
        "Refuses what RFC 8259 does not allow, and says where",
        arguments: [
            ("", 0), (" ", 1), ("nul", 0), ("True", 0), ("'a'", 0), ("1 2", 2), ("[1,]", 3), ("[1 2]", 3), ("[", 1),
            ("]", 0), ("[1}", 2), (#"{"a":1,}"#, 7), (#"{"a" 1}"#, 5), (#"{"a":}"#, 5), ("{a:1}", 1), ("{1:1}", 1),
            ("01", 1),
            ("+1", 0), (".5", 0), ("1.", 2), ("-", 1), ("1e", 2), ("1e+", 3), ("1e1234567890", 2), ("0x1", 1),
            ("NaN", 0),
            ("\"a", 2), ("\"\n\"", 1), (#""\x""#, 1), (#""\u12g4""#, 1), (#""\u12"#, 1), (#""\"#, 1), (#""\uD83D""#, 1),
            (#""\ude00""#, 1), (#""\uD83D\u0041""#, 1), ("1\u{FEFF}", 1), ("\u{FEFF}\u{FEFF}1", 0), ("\u{FEFF}x", 0),
            ("/**/1", 0), ("\"\u{1F}\"", 1),
        ]
    )
    func refusesWhat(text: String, offset: Int) throws {
        let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: text) }
        #expect(error?.offset == offset, "\(String(describing: error))")
    }

    @Test(
        "Refuses strings that are not UTF-8",
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0xFF, 0x22], [0xFF],
        ] as [[UInt8]]
    )
    func refusesStrings(bytes: [UInt8]) {
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: bytes) }
    }

    @Test("An error names line and column")
    func errorNames() {
        let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: "{\n  \"a\": 1,\n  \"a\": 2\n}") }
        #expect(error?.description == #"line 3, column 3: the name "a" occurs twice in one object"#)
    }

    @Test("Names that differ only in normalisation are different")
    func namesDiffer() throws {
        let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(value["e\u{301}"] == 2)
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
    }

    @Test("Nesting is limited")
    func nestingLimited() throws {
        let allowed = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(try JSONValue(parsing: allowed).text == allowed)
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: "[\(allowed)]") }
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: String(repeating: "{\"a\":", count: 1_000_000)) }
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: "[[]]", maximumDepth: 1) }
        #expect(try JSONValue(parsing: "[[],[],{}]", maximumDepth: 2).array.count == 3)
    }

    @Test("An object of a hundred thousand members keeps them all in order and finds each")
    func objectHundred() throws {
        let names = (0..<100_000).map { "member \($0 &* 7_919 % 100_000)" }
        let text = "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        guard case .object(let object) = try JSONValue(parsing: text) else { throw SampleError.notAnObject }
        #expect(object.map(\.key) == names)
        #expect(names.allSatisfy { object[$0] == 0 })
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: text.dropLast() + ",\"member 5\":1}") }
    }

    @Test("A text cut at any byte is refused")
    func textCut() throws {
        let bytes = Array(#"{"a":[1.5e-3,"é\u00e9\ud83d\ude00",true,{"b":null}],"c":{}}"#.utf8)
        #expect(throws: Never.self) { try JSONValue(parsing: bytes) }
        for length in bytes.indices {
            #expect(throws: JSONParseError.self, "\(length) bytes") { try JSONValue(parsing: bytes[..<length]) }
        }
    }

    @Test("Bytes that do not lie together are read too")
    func bytesDo() throws {
        let bytes = Array("[1,".utf8).lazy.map { $0 }
        #expect(try JSONValue(parsing: Array(bytes) + Array("2]".utf8)) == [1, 2])
        #expect(try JSONValue(parsing: Array("]2,1[".utf8).reversed() as ReversedCollection) == [1, 2])
    }

    @Test("Generated values come back as they were written")
    func generatedValues() throws {
        var generator = SeededGenerator()
        for _ in 0..<2000 {
            let value = generator.jsonValue(depth: 4)
            let text = value.text
            #expect(try JSONValue(parsing: text).text == text, "\(generator)")
            #expect(try JSONValue(parsing: value.prettyText) == value, "\(generator)")
        }
    }

    @Test("No mutation of a text ends the process or reads as something else than it says")
    func mutationText() throws {
        var generator = SeededGenerator()
        for _ in 0..<5000 {
            var bytes = generator.jsonValue(depth: 3).bytes
            for _ in 0...Int.random(in: 0..<4, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(#"{}[]",:\-.e0u"#.utf8.randomElement(using: &generator) ?? 0, at: place)
                }
            }
            guard let value = Result(catching: { try JSONValue(parsing: bytes) }).success else { continue }
            #expect(try JSONValue(parsing: value.bytes) == value, "\(generator)")
        }
    }
}

enum SampleError: Error {
    case notAnObject
}

extension Result {
    /// The value; nil for a failure.
    var success: Success? {
        if case .success(let value) = self { value } else { nil }
    }
}
