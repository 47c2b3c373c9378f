import DuckDB
import Foundation
import Testing

struct AppenderTests {
    let connection: Connection

    init() throws {
        connection = try Database().connect()
    }

    @Test("Rows are appended by columns")
    func rowsAppended() throws {
        try connection.execute(
            "CREATE TABLE t (a BIGINT, b VARCHAR, c STRUCT(d BOOLEAN, e DOUBLE), f STRUCT(g UUID, h BIGINT[])[])"
        )
        let id = UUID()
        let appender = try Appender(connection, table: "t")
        for start in stride(from: 0, to: 5_000, by: 1_000) {
            let chunk = appender.makeChunk()
            let structure = (chunk[2], chunk[2].member(0), chunk[2].member(1))
            // More elements than a vector has at first, so that those of lists within lists move too.
            let small = chunk[3].elements(capacity: 10)
            for index in 0..<10 {
                small.member(0).set(index, to: id)
                let numbers = small.member(1).elements(capacity: 10)
                numbers.set(index, to: Int64(index))
                small.member(1).set(index, toElements: index..<index + 1)
            }
            let elements = chunk[3].elements(capacity: 3_000)
            let numbers = elements.member(1).elements(capacity: 3_000)
            for row in 0..<1_000 {
                chunk[0].set(row, to: Int64(start + row))
                chunk[1].set(row, toUTF8: UnsafeRawBufferPointer(start: nil, count: 0))
                Array("naïve, and longer than twelve bytes".utf8).withUnsafeBytes {
                    if row % 2 == 0 { chunk[1].set(row, toUTF8: $0) }
                }
                if row % 3 == 0 {
                    for cells in [structure.0, structure.1, structure.2] { cells.setNull(row) }
                } else {
                    structure.1.set(row, to: true)
                    structure.2.set(row, to: 0.5)
                }
                for element in row * 3..<row * 3 + 3 where element >= 10 {
                    elements.member(0).set(element, to: id)
                    numbers.set(element, to: Int64(element))
                    elements.member(1).set(element, toElements: element..<element + 1)
                }
                chunk[3].set(row, toElements: row * 3..<row * 3 + 3)
            }
            elements.member(1).setElementCount(3_000)
            chunk[3].setElementCount(3_000)
            chunk.count = 1_000
            try appender.append(chunk)
        }
        try appender.close()
        let sums = try connection.query(
            """
            SELECT count(*), sum(a)::BIGINT, count(DISTINCT b), count(c), sum(c.e), sum(f[1].h[1] + f[3].h[1])::BIGINT,
                count(*) FILTER (f[2].g = '\(id)')
            FROM t
            """
        ).rows()
        let elementSum = (0..<1_000).reduce(0) { $0 + $1 * 6 + 2 } * 5
        #expect(
            sums == [
                [
                    .int(5_000), .int(12_497_500), .int(2), .int(3_330), .double(1_665), .int(Int64(elementSum)),
                    .int(5_000),
                ]
            ]
        )
    }

    @Test("Rows of every type are appended")
    func rowsEvery() throws {
        try connection.execute(
            """
            CREATE SCHEMA s;
            CREATE TABLE s.t (
                a UUID, b VARCHAR, c JSON, d BIGINT, e TIMESTAMPTZ, f VARCHAR, g BLOB, h BOOLEAN, i SMALLINT
            )
            """
        )
        let id = UUID()
        let appender = try Appender(connection, schema: "s", table: "t")
        for number in 0..<5_000 as Range<Int64> {
            try appender.append(id)
            try appender.append("naïve\0\(number)")
            try Array(#"{"a":1}"#.utf8).withUnsafeBytes { try appender.append(text: $0) }
            try appender.append(number)
            try appender.append(.timestampTZ(microseconds: number))
            try appender.appendNull()
            try appender.append(.blob([0, 1]))
            try appender.append(.bool(true))
            try appender.append(number)
            try appender.endRow()
        }
        try appender.close()
        let rows = try connection.query("FROM s.t ORDER BY d").rows()
        #expect(rows.count == 5_000)
        #expect(
            rows.last == [
                .uuid(id), .text("naïve\0" + "4999"), .text(#"{"a":1}"#), .int(4_999),
                .timestampTZ(microseconds: 4_999),
                .null, .blob([0, 1]), .bool(true), .int(4_999),
            ]
        )
    }

    @Test("Empty texts are appended, with and without an address")
    func emptyTexts() throws {
        try connection.execute("CREATE TABLE t (a VARCHAR)")
        let appender = try Appender(connection, table: "t")
        try appender.append("")
        try appender.endRow()
        try appender.append(text: UnsafeRawBufferPointer(start: nil, count: 0))
        try appender.endRow()
        try appender.flush()
        #expect(try connection.query("FROM t").rows() == [[.text("")], [.text("")]])
    }

    @Test("Rows that are not flushed go with the appender")
    func rowsFlushed() throws {
        try connection.execute("CREATE TABLE t (a BIGINT, b BIGINT)")
        do {
            let appender = try Appender(connection, table: "t")
            try appender.append(1)
            try appender.append(1)
            try appender.endRow()
            try appender.flush()
            try appender.append(2)
            try appender.append(2)
            try appender.endRow()
            try appender.append(3)
        }
        #expect(try connection.query("SELECT a FROM t").rows() == [[.int(1)]])
    }

    @Test("A row that violates a constraint is an error at the flush")
    func rowViolates() throws {
        try connection.execute("CREATE TABLE t (a BIGINT PRIMARY KEY)")
        let appender = try Appender(connection, table: "t")
        for _ in 0..<2 {
            try appender.append(7)
            try appender.endRow()
        }
        let error = try #require(throws: DuckDBError.self) { try appender.flush() }
        #expect(error.kind == .constraint, "\(error)")
        #expect(try connection.query("SELECT count(*) FROM t").scalar() == .int(0))
    }

    @Test("A wrong table, a row too short, and one too long are errors")
    func wrongTable() throws {
        let error = #expect(throws: DuckDBError.self) { try Appender(connection, table: "missing") }
        #expect(error?.kind == .catalog)
        try connection.execute("CREATE TABLE t (a BIGINT, b BIGINT)")
        let short = try Appender(connection, table: "t")
        try short.append(1)
        #expect(throws: DuckDBError.self) { try short.endRow() }
        let long = try Appender(connection, table: "t")
        try long.append(1)
        try long.append(1)
        #expect(throws: DuckDBError.self) { try long.append(1) }
    }

    @Test("A text that is no UTF-8 does not reach the table")
    func textUTF() throws {
        try connection.execute("CREATE TABLE t (a VARCHAR)")
        let appender = try Appender(connection, table: "t")
        #expect(throws: DuckDBError.self) {
            try [0xff, 0xfe].withUnsafeBytes { try appender.append(text: $0) }
            try appender.endRow()
            try appender.close()
        }
    }

    @Test("Appended rows belong to the connection's transaction")
    func appendedRows() throws {
        struct Refusal: Error {}
        try connection.execute("CREATE TABLE t (a BIGINT)")
        #expect(throws: Refusal.self) {
            try connection.transaction {
                let appender = try Appender(connection, table: "t")
                try appender.append(1)
                try appender.endRow()
                try appender.close()
                throw Refusal()
            }
        }
        #expect(try connection.query("SELECT count(*) FROM t").scalar() == .int(0))
    }
}
