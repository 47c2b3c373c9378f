import DuckDB
import Foundation
import Testing

struct NestedTests {
    let connection: Connection

    init() throws {
        connection = try Database().connect()
    }

    @Test("A nested type is told in full")
    func nestedType() throws {
        let type = "STRUCT(a INTEGER, b STRUCT(c VARCHAR[], d MAP(VARCHAR, UUID))[], e JSON)"
        let result = try connection.query("SELECT NULL::\(type) AS s")
        let inner: [LogicalType.Field] = [
            .init(name: "c", type: .list(.varchar)), .init(name: "d", type: .map(key: .varchar, value: .uuid)),
        ]
        let fields: [LogicalType.Field] = [
            .init(name: "a", type: .integer), .init(name: "b", type: .list(.structure(inner))),
            .init(name: "e", type: .json),
        ]
        #expect(result.columns == [.init(name: "s", type: .structure(fields))])
    }

    @Test(
        "NULL and emptiness are told apart at every level",
        arguments: [
            ("NULL::INTEGER[]", "null"),
            ("[]::INTEGER[]", "[]"),
            ("[NULL, 1, NULL]", "[null,1,null]"),
            ("[[], NULL, [1, NULL]]", "[[],null,[1,null]]"),
            ("NULL::STRUCT(a INTEGER)", "null"),
            ("{'a': NULL, 'b': {'c': NULL}}", #"{"a":null,"b":{"c":null}}"#),
            ("{'a': NULL::STRUCT(c INTEGER[]), 'b': []}", #"{"a":null,"b":[]}"#),
            ("[{'a': 1}, NULL, {'a': NULL}]", #"[{"a":1},null,{"a":null}]"#),
            ("NULL::MAP(VARCHAR, INTEGER)", "null"),
            ("MAP {}::MAP(VARCHAR, INTEGER)", "{}"),
            ("MAP {'a': NULL, 'b': [1]}", #"{"a":null,"b":[1]}"#),
        ]
    )
    func nullEmptiness(expression: String, json: String) throws {
        let chunk = try #require(try connection.query("SELECT \(expression)").nextChunk())
        #expect(chunk[0].json(0) == json)
    }

    @Test(
        "Every chunk of a query reads as DuckDB's own JSON",
        arguments: [
            "[x FOR x IN list IF x % 2 = 0]", "list[2:3]", "list_reverse(list)", "[list, list]",
            "{'a': list, 'b': [word]}",
            "MAP {word: list}", "['constant', word]", "list_transform(list, x -> {'x': x, 'w': word})", "[word, NULL]",
            "CASE WHEN number % 3 = 0 THEN NULL ELSE {'l': list, 'n': CASE WHEN number % 2 = 0 THEN number END} END",
            "list_sort([word, 'b', 'a'])", "unnest([[word], []::VARCHAR[], NULL])", "{'c': 'constant'}",
        ]
    )
    func everyChunk(expression: String) throws {
        let table = """
            (SELECT range AS number, 'word number ' || range % 7 AS word, range(range % 5) AS list FROM range(5000))
            """
        let values = "SELECT \(expression) AS v FROM \(table)"
        let result = try connection.query("SELECT v, to_json(v)::VARCHAR FROM (\(values))")
        var rows = 0
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.count {
                let expected = chunk[1].isNull(row) ? "null" : String(decoding: chunk[1].bytes(row), as: UTF8.self)
                try #require(chunk[0].json(row) == expected)
            }
            rows += chunk.count
        }
        #expect(rows >= 5_000)
    }
}

extension ColumnVector {
    /// The value of a row as JSON, for texts that need no escapes.
    func json(_ row: Int) -> String {
        if isNull(row) { return "null" }
        switch type {
        case .integer, .bigint: return String(int64(row))
        case .varchar: return "\"\(String(decoding: bytes(row), as: UTF8.self))\""
        case .list: return "[\(listRange(row).map(listElements.json).joined(separator: ","))]"
        case .map:
            let entries = listElements.structFields
            let members = listRange(row).map { "\(entries[0].json($0)):\(entries[1].json($0))" }
            return "{\(members.joined(separator: ","))}"
        case .structure(let fields):
            let members = zip(fields, structFields).map { "\"\($0.name)\":\($1.json(row))" }
            return "{\(members.joined(separator: ","))}"
        default: return "?"
        }
    }
}
