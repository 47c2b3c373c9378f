import DuckDB
import Foundation
import Testing

struct SQLValueTests {
    let connection: Connection

    init() throws {
        connection = try Database().connect()
        try connection.execute("SET TimeZone = 'America/New_York'")
    }

    static let values: [(SQLValue, String)] = [
        (.null, "NULL"),
        (.bool(true), "BOOLEAN"),
        (.bool(false), "BOOLEAN"),
        (.int(.min), "BIGINT"),
        (.int(.max), "BIGINT"),
        (.int(-128), "TINYINT"),
        (.int(-32_768), "SMALLINT"),
        (.int(-2_147_483_648), "INTEGER"),
        (.int(255), "UTINYINT"),
        (.int(65_535), "USMALLINT"),
        (.int(4_294_967_295), "UINTEGER"),
        (.uint(.max), "UBIGINT"),
        (.int(-5), "HUGEINT"),
        (.int(.max), "HUGEINT"),
        (.double(-0.1), "DOUBLE"),
        (.double(.infinity), "DOUBLE"),
        (.double(0.5), "FLOAT"),
        (.text(""), "VARCHAR"),
        (.text("twelve bytes"), "VARCHAR"),
        (.text("thirteen byte"), "VARCHAR"),
        (.text("a\0b"), "VARCHAR"),
        (.text("naïve 💡 漢字 e\u{301}"), "VARCHAR"),
        (.text(#"{"a":[1,null]}"#), "JSON"),
        (.blob([]), "BLOB"),
        (.blob([0, 255, 0, 1]), "BLOB"),
        (.uuid(UUID(uuidString: "00000000-0000-0000-0000-000000000000")!), "UUID"),
        (.uuid(UUID(uuidString: "7fffffff-ffff-ffff-8000-000000000001")!), "UUID"),
        (.uuid(UUID(uuidString: "ffffffff-ffff-ffff-ffff-ffffffffffff")!), "UUID"),
        (.uuid(UUID(uuidString: "01234567-89ab-cdef-0123-456789abcdef")!), "UUID"),
        (.timestamp(microseconds: 0), "TIMESTAMP"),
        (.timestamp(microseconds: -1), "TIMESTAMP"),
        (.timestamp(microseconds: 1_795_460_400_123_456), "TIMESTAMP"),
        (.timestampTZ(microseconds: 1_795_460_400_123_456), "TIMESTAMPTZ"),
        (.text("b"), "ENUM('a', 'b')"),
    ]

    @Test("A value comes back as it was bound", arguments: values)
    func valueComes(value: SQLValue, type: String) throws {
        let target = type == "NULL" ? "INTEGER" : type
        #expect(try connection.query("SELECT CAST(? AS \(target))", [value]).rows() == [[value]])
    }

    @Test(
        "A value means to DuckDB what it means here",
        arguments: [
            ("'01234567-89ab-cdef-0123-456789abcdef'::UUID", "01234567-89ab-cdef-0123-456789abcdef"),
            ("'2026-11-23 18:20:00.123456'::TIMESTAMP", "2026-11-23 18:20:00.123456"),
            ("'2026-11-23 18:20:00.123456+00'::TIMESTAMPTZ", "2026-11-23 13:20:00.123456-05"),
            ("'\\x00\\xFF'::BLOB", "\\x00\\xFF"),
        ]
    )
    func valueMeans(literal: String, text: String) throws {
        let value = try #require(try connection.query("SELECT \(literal)").scalar())
        #expect(try connection.query("SELECT CAST(? AS VARCHAR)", [value]).scalar() == .text(text))
    }

    @Test("An enumeration with many values is read", arguments: [300, 70_000])
    func enumerationMany(count: Int) throws {
        let names = (0..<count).map { "'n\($0)'" }.joined(separator: ",")
        try connection.execute("CREATE TYPE e AS ENUM (\(names))")
        #expect(try connection.query("SELECT 'n\(count - 1)'::e").scalar() == .text("n\(count - 1)"))
    }

    @Test(
        "A value of no scalar type is an error",
        arguments: ["[1]", "{'a': 1}", "MAP {'a': 1}", "DATE '2026-01-01'", "'101'::BIT", "(1 << 100::HUGEINT)"]
    )
    func valueScalar(expression: String) throws {
        let result = try connection.query("SELECT \(expression)")
        #expect(throws: DuckDBError.self) { try result.scalar() }
    }

    @Test("A quoted name and a quoted literal mean the string", arguments: ["", "node", "a\"b", "it's", "\"'", "💡"])
    func quotedName(string: String) throws {
        let literal = try connection.query("SELECT \(string.quotedLiteral)").scalar()
        #expect(literal == .text(string))
        if !string.isEmpty {
            try connection.execute("CREATE TABLE \(string.quotedIdentifier) (\(string.quotedIdentifier) INTEGER)")
            let result = try connection.query("FROM \(string.quotedIdentifier)")
            #expect(result.columns.map(\.name) == [string])
        }
    }
}
