import Schema
import TestSupport
import Testing

@Suite("The elements of an array, read one after the other,")
struct JSONElementsTests {
    private func elements(of text: String, in member: String? = nil) throws -> ([JSONValue], rest: JSONValue?) {
        var elements: [JSONValue] = []
        let rest = try JSONValue.parse(Array(text.utf8), elementsOf: member) { value, bytes in
            let whole = try JSONValue(parsing: bytes)
            #expect(whole == value)
            elements.append(value)
            return true
        }
        return (elements, rest)
    }

    @Test("are those that the whole has, and so is what stands around them")
    func thoseWhole() throws {
        var random = SeededGenerator()
        for _ in 0..<300 {
            let values = (0..<Int.random(in: 0..<6, using: &random)).map { _ in random.jsonValue(depth: 3) }
            let (found, rest) = try elements(of: JSONValue.array(values).text)
            #expect(found == values && rest == .array([]), "\(random)")
            let object: JSONValue = ["a": .array(values), "list": .array(values), "z": random.jsonValue(depth: 2)]
            let (members, others) = try elements(of: object.text, in: "list")
            var expected = object
            expected[JSONPointer(["list"])] = .array([])
            #expect(members == values && others == expected, "\(random)")
        }
    }

    @Test("are none where there is no such array")
    func noneWhere() throws {
        #expect(try elements(of: #"{"list":7}"#, in: "list") == ([], ["list": 7]))
        #expect(try elements(of: "{}", in: "list") == ([], [:]))
        #expect(try elements(of: "[1,2]", in: "list") == ([], [1, 2]))
        #expect(try elements(of: "7") == ([], 7))
    }

    @Test(
        "are refused where the whole would be",
        arguments: [
            "[", "[1", "[1,", "[1,]", "[1 2]", "[1]x", #"{"list":[1}"#, #"{"list":[],"list":[]}"#, #"{"list":[1],}"#,
            "",
        ]
    )
    func refusedWhere(text: String) {
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: text) }
        #expect(throws: JSONParseError.self) { try elements(of: text, in: text.hasPrefix("{") ? "list" : nil) }
    }

    @Test("end when no more are wanted, whatever comes behind")
    func endWhen() throws {
        var count = 0
        let rest = try JSONValue.parse(Array("[1,2,3,nothing".utf8)) { _, _ in
            count += 1
            return count < 2
        }
        #expect(rest == nil && count == 2)
    }

    @Test("are as many as one likes, but a single value has a limit")
    func manyOne() throws {
        let many = "[\(String(repeating: "0,", count: 1 << 21))0]"
        #expect(try elements(of: many).0.count == 1 << 21 + 1)
        let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: many) }
        #expect(error?.message.contains("2097152 values") == true)
    }
}
