import Schema
import TestSupport
import Testing

struct JSONWriterTests {
    @Test("Commas stand between members and elements and nowhere else")
    func commasStand() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        writer.integer(1)
        writer.bool(true)
        writer.null()
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.endArray()
        writer.string("x")
        writer.endArray()
        writer.key("b")
        writer.number(JSONNumber(-2))
        writer.key("c")
        writer.value(["d": [1.5, "e"]])
        writer.endObject()
        #expect(writer.text == #"{"a":[1,true,null,{},[],"x"],"b":-2,"c":{"d":[1.5,"e"]}}"#)
    }

    @Test("Only quotes, backslashes and control characters are escaped")
    func onlyQuotes() {
        let text = "\"\\/\u{08}\u{0C}\n\r\t\u{0}\u{1F}\u{7F}é\u{2028}😀"
        #expect(JSONValue.string(text).text == #""\"\\/\b\f\n\r\t\u0000\u001f"# + "\u{7F}é\u{2028}😀\"")
    }

    @Test("What is escaped is found wherever it stands")
    func whatEscaped() {
        for length in 1...25 {
            for position in 0..<length {
                for (character, escaped) in [("\"", #"\""#), ("\\", #"\\"#), ("\u{1F}", #"\u001f"#)] {
                    let (before, after) = (
                        String(repeating: "~", count: position), String(repeating: " ", count: length - position - 1)
                    )
                    #expect(JSONValue.string(before + character + after).text == "\"\(before)\(escaped)\(after)\"")
                }
            }
        }
    }

    @Test("A free-form object is written as sent")
    func freeForm() {
        var writer = JSONWriter()
        FreeFormObject(["b": 1, "a": "\""]).write(to: &writer)
        #expect(writer.text == #"{"b":1,"a":"\""}"#)
    }

    @Test("A writer can be used again")
    func writerCan() {
        var writer = JSONWriter()
        writer.string("a")
        writer.removeAll()
        writer.string("b")
        #expect(writer.text == #""b""#)
    }

    @Test("The text for people is indented by two spaces")
    func textPeople() {
        let value: JSONValue = ["a": [1, [:]], "b": [], "c": ["d": "e"]]
        #expect(
            value.prettyText == """
                {
                  "a": [
                    1,
                    {}
                  ],
                  "b": [],
                  "c": {
                    "d": "e"
                  }
                }

                """
        )
    }
}

struct JSONPointerTests {
    @Test(
        "Pointers are written as they are read",
        arguments: [
            ("", []), ("/", [""]), ("/a/0", ["a", "0"]), ("/~0~1/~01", ["~/", "~1"]), ("//é", ["", "é"]),
        ] as [(String, [String])]
    )
    func pointersWritten(text: String, tokens: [String]) {
        #expect(JSONPointer(text)?.tokens == tokens)
        #expect(JSONPointer(tokens).description == text)
    }

    @Test("What RFC 6901 does not allow is no pointer", arguments: ["a", "/~", "/~2", "/a~/b", "#/a"])
    func whatRFC(text: String) {
        #expect(JSONPointer(text) == nil)
    }

    @Test("A pointer grows at both ends")
    func pointerGrows() {
        #expect(JSONPointer().appending("a/b").appending(3).within("c").description == "/c/a~1b/3")
    }
}

struct JSONMapTests {
    @Test("Members keep their places whatever their number")
    func membersKeep() {
        var map: JSONMap<Int> = [:]
        var keys: [String] = []
        var generator = SeededGenerator()
        for step in 0..<2000 {
            let key = "k\(Int.random(in: 0..<40, using: &generator))"
            if Bool.random(using: &generator) {
                map[key] = step
                if !keys.contains(key) { keys.append(key) }
                #expect(map[key] == step, "\(generator)")
            } else {
                map[key] = nil
                keys.removeAll { $0 == key }
                #expect(map[key] == nil, "\(generator)")
            }
            #expect(map.map(\.key) == keys, "\(generator)")
            #expect(keys.allSatisfy { map[$0] != nil }, "\(generator)")
        }
    }

    @Test("Objects are equal regardless of order")
    func objectsEqual() throws {
        let left = try JSONValue(parsing: #"{"a":1,"b":[1.0,{"c":null,"d":2}]}"#)
        let right = try JSONValue(parsing: #"{"b":[1,{"d":2e0,"c":null}],"a":1.0}"#)
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(left != (try JSONValue(parsing: #"{"a":1,"b":[1.0,{"c":null,"e":2}]}"#)))
    }

    @Test("A new name is inserted and an old one is not")
    func newName() {
        var map: JSONMap<Int> = ["a": 1]
        let wasNew = (map.insert(2, forNewKey: "b"), map.insert(3, forNewKey: "a"))
        #expect(wasNew == (true, false))
        #expect(map == ["b": 2, "a": 1])
    }
}
