import Schema
import TestSupport
import Testing

struct JSONPatchTests {
    @Test(
        "A patch says what is different and nothing else",
        arguments: [
            ("1", "1.0", "[]"),
            (#"{"a":1,"b":[]}"#, #"{"b":[],"a":1}"#, "[]"),
            ("1", "null", #"[{"op":"replace","path":"","value":null}]"#),
            ("[1]", #"{"0":1}"#, #"[{"op":"replace","path":"","value":{"0":1}}]"#),
            (#"{"a":[{"b":1}]}"#, #"{"a":[{"b":2}]}"#, #"[{"op":"replace","path":"/a/0/b","value":2}]"#),
            (#"{"a":null}"#, "{}", #"[{"op":"remove","path":"/a"}]"#),
            ("{}", #"{"a":null}"#, #"[{"op":"add","path":"/a","value":null}]"#),
            (
                #"{"w":0,"x":1,"y":2,"z":3}"#, #"{"n":4,"z":5,"m":6,"x":1}"#,
                """
                [{"op":"remove","path":"/w"},{"op":"remove","path":"/y"},{"op":"add","path":"/n","value":4},\
                {"op":"replace","path":"/z","value":5},{"op":"add","path":"/m","value":6}]
                """
            ),
            (
                #"{"a/b":{"":1},"~1":{"~":2}}"#, #"{"a/b":{"":3},"~1":{"/":4}}"#,
                """
                [{"op":"replace","path":"/a~1b/","value":3},{"op":"remove","path":"/~01/~0"},\
                {"op":"add","path":"/~01/~1","value":4}]
                """
            ),
            (
                "{\"\u{E9}\":1}", "{\"e\u{301}\":1}",
                "[{\"op\":\"remove\",\"path\":\"/\u{E9}\"},{\"op\":\"add\",\"path\":\"/e\u{301}\",\"value\":1}]"
            ),
            ("[1,2,3]", "[0,1,2,3]", #"[{"op":"add","path":"/0","value":0}]"#),
            ("[1,2,3]", "[1,2,3,4]", #"[{"op":"add","path":"/3","value":4}]"#),
            ("[1,2,3]", "[1,3]", #"[{"op":"remove","path":"/1"}]"#),
            ("[1,1,1]", "[1,1]", #"[{"op":"remove","path":"/2"}]"#),
            (
                "[]", "[1,2]", #"[{"op":"add","path":"/0","value":1},{"op":"add","path":"/1","value":2}]"#
            ),
            ("[1,2]", "[]", #"[{"op":"remove","path":"/1"},{"op":"remove","path":"/0"}]"#),
            (
                "[1,2,3,4,5]", "[1,6,5]",
                """
                [{"op":"replace","path":"/1","value":6},{"op":"remove","path":"/3"},{"op":"remove","path":"/2"}]
                """
            ),
            (
                "[1,[2],5]", "[1,[3],4,[],5]",
                """
                [{"op":"replace","path":"/1/0","value":3},{"op":"add","path":"/2","value":4},\
                {"op":"add","path":"/3","value":[]}]
                """
            ),
        ]
    )
    func patchSays(old: String, new: String, patch: String) throws {
        let documents = (old: try JSONValue(parsing: old), new: try JSONValue(parsing: new))
        let result = JSONPatch(from: documents.old, to: documents.new).json
        #expect(result.text == patch)
        #expect(try applying(result, to: documents.old) == documents.new)
    }

    @Test("A document appears and vanishes in one operation, even one that is null")
    func documentAppears() {
        let root = JSONPointer()
        for document in [["a": [1]], .null] as [JSONValue] {
            #expect(JSONPatch(from: .none, to: document).operations == [.add(root, document)])
            #expect(JSONPatch(from: document, to: .none).operations == [.remove(root)])
            #expect(JSONPatch(from: document, to: document).isEmpty)
        }
        #expect(JSONPatch(from: .none, to: .none).isEmpty)
        #expect(!JSONPatch(from: .null, to: .none).isEmpty)
    }

    @Test("Applying a patch gives the new document, however the two are related")
    func applyingPatch() throws {
        var generator = SeededGenerator()
        for step in 0..<2000 {
            let old = generator.document(depth: 3)
            var new = old
            if step.isMultiple(of: 4) {
                new = generator.document(depth: 3)
            } else {
                for _ in 0..<Int.random(in: 0..<6, using: &generator) {
                    generator.mutate(&new)
                }
            }
            let patch = JSONPatch(from: old, to: new)
            let result = try applying(JSONValue(parsing: patch.json.text), to: old)
            #expect(result == new, "\(generator): \(old) to \(new) by \(patch.json)")
            #expect(patch.isEmpty == (old == new), "\(generator): \(old) to \(new) by \(patch.json)")
        }
    }

    @Test("A change of one value is one operation, however deep it lies")
    func changeOne() {
        var generator = SeededGenerator()
        for _ in 0..<500 {
            let old = generator.document(depth: 4)
            var new = old
            generator.changeLeaf(&new)
            let patch = JSONPatch(from: old, to: new)
            #expect(patch.operations.count == 1, "\(generator): \(old) to \(new) by \(patch.json)")
        }
    }

    @Test("The patch of a document that changed a little is smaller than the document")
    func patchDocument() {
        var generator = SeededGenerator()
        for step in 0..<100 {
            let elements = (0..<100).map { JSONValue.array([.number(JSONNumber($0)), generator.document(depth: 3)]) }
            let old = JSONValue.array(elements)
            var new = old
            switch step % 3 {
            case 0:
                for _ in 0..<3 {
                    generator.changeLeaf(&new)
                }
            case 1: new = .array([generator.scalar()] + elements)
            default: new = .array(Array(elements.dropFirst()))
            }
            let patch = JSONPatch(from: old, to: new)
            #expect((1...3).contains(patch.operations.count), "\(generator)")
            #expect(patch.json.bytes.count < new.bytes.count / 2, "\(generator)")
        }
    }
}

extension SeededGenerator {
    /// A document with so few names and values that two of them have some in common.
    fileprivate mutating func document(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 2), using: &self) {
        case 0, 1: scalar()
        case 2...4:
            .array((0..<Int.random(in: 0..<6, using: &self)).map { _ in document(depth: depth - 1) })
        default:
            .object(
                JSONObject((0..<Int.random(in: 0..<6, using: &self)).map { _ in (name(), document(depth: depth - 1)) })
            )
        }
    }

    fileprivate mutating func scalar() -> JSONValue {
        ([.null, true, false, 0, 1, 1.0, "", "a"] as [JSONValue]).randomElement(using: &self) ?? .null
    }

    private mutating func name() -> String {
        ["a", "b", "0", "-", "", "~", "/", "~1", "a/b~0", "\u{E9}", "e\u{301}"].randomElement(using: &self) ?? "a"
    }

    /// Adds, removes or changes something somewhere in a document.
    fileprivate mutating func mutate(_ value: inout JSONValue) {
        switch value {
        case .array(var elements):
            let index = Int.random(in: 0...elements.count, using: &self)
            if index == elements.count || Int.random(in: 0..<4, using: &self) == 0 {
                elements.insert(document(depth: 1), at: index)
            } else if Int.random(in: 0..<3, using: &self) == 0 {
                elements.remove(at: index)
            } else {
                mutate(&elements[index])
            }
            value = .array(elements)
        case .object(var object):
            let key = object.members.randomElement(using: &self)?.key ?? name()
            if var member = object[key], Int.random(in: 0..<3, using: &self) > 0 {
                mutate(&member)
                object[key] = member
            } else if Bool.random(using: &self) {
                object[key] = .none
            } else {
                object[name()] = document(depth: 1)
            }
            value = .object(object)
        default:
            value = document(depth: 1)
        }
    }

    /// Puts another scalar in the place of a scalar or an empty container.
    fileprivate mutating func changeLeaf(_ value: inout JSONValue) {
        switch value {
        case .array(var elements) where !elements.isEmpty:
            changeLeaf(&elements[Int.random(in: elements.indices, using: &self)])
            value = .array(elements)
        case .object(var object):
            guard let member = object.members.randomElement(using: &self) else { fallthrough }
            var changed = member.value
            changeLeaf(&changed)
            object[member.key] = changed
            value = .object(object)
        default:
            value = .number(JSONNumber(Int.random(in: 2...1_000_000_000_000, using: &self)))
        }
    }
}

private struct UnappliedPatch: Error, CustomStringConvertible {
    let description: String
}

/// Applies a patch to the letter of RFC 6902: what an operation points at, or points into, has to be there.
private func applying(_ patch: JSONValue, to document: JSONValue?) throws -> JSONValue? {
    try patch.array.reduce(document) { document, operation in
        guard case .string(let name)? = operation["op"], case .string(let path)? = operation["path"],
            let pointer = JSONPointer(path), (operation["value"] == .none) == (name == "remove")
        else { throw UnappliedPatch(description: "malformed: \(operation)") }
        return try applying(name, operation["value"], at: pointer.tokens[...], to: document)
    }
}

private func applying(
    _ name: String,
    _ newValue: JSONValue?,
    at tokens: ArraySlice<String>,
    to value: JSONValue?
) throws -> JSONValue? {
    guard let token = tokens.first else {
        guard name == "add" || value != .none else { throw UnappliedPatch(description: "nothing to \(name)") }
        return newValue
    }
    let rest = tokens.dropFirst()
    switch value {
    case .object(var object):
        object[token] = try applying(name, newValue, at: rest, to: object[token])
        return .object(object)
    case .array(var elements):
        guard let index = Int(token), String(index) == token, index >= 0 else {
            throw UnappliedPatch(description: "no index: \(token)")
        }
        let isInsertion = name == "add" && rest.isEmpty
        guard index < elements.count + (isInsertion ? 1 : 0) else {
            throw UnappliedPatch(description: "no element \(index) of \(elements.count)")
        }
        let range = index..<(isInsertion ? index : index + 1)
        let result = try applying(name, newValue, at: rest, to: isInsertion ? .none : elements[index])
        elements.replaceSubrange(range, with: result.map { [$0] } ?? [])
        return .array(elements)
    default:
        throw UnappliedPatch(description: "no member \(token)")
    }
}
