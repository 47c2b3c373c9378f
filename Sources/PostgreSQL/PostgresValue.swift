/// A parameter of a statement.
///
/// Single values are sent as text, lists in PostgreSQL's binary form, so that nothing in them has to be quoted:
/// <https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/utils/adt/arrayfuncs.c> (`array_recv`).
package enum PostgresValue: Sendable {
    case text(String)
    case number(Int64)
    case texts([[UInt8]])
    case numbers([Int64])

    /// The number of the type in PostgreSQL's catalog.
    var type: UInt32 {
        switch self {
        case .text: 25
        case .number: 20
        case .texts: 1009
        case .numbers: 1016
        }
    }

    var isBinary: Bool {
        switch self {
        case .text, .number: false
        case .texts, .numbers: true
        }
    }

    /// The bytes that are sent; texts end with a zero.
    var bytes: [UInt8] {
        switch self {
        case .text(let text): return Array(text.utf8) + [0]
        case .number(let number): return Array("\(number)".utf8) + [0]
        case .texts(let texts):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(texts.reduce(20) { $0 + $1.count + 4 })
            bytes.appendListHead(count: texts.count, elementType: 25)
            for text in texts {
                bytes.append(bigEndian: Int32(text.count))
                bytes += text
            }
            return bytes
        case .numbers(let numbers):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(20 + 12 * numbers.count)
            bytes.appendListHead(count: numbers.count, elementType: 20)
            for number in numbers {
                bytes.append(bigEndian: Int32(8))
                bytes.append(bigEndian: number)
            }
            return bytes
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// One dimension without nulls, counted from 1.
    fileprivate mutating func appendListHead(count: Int, elementType: Int32) {
        for value in [1, 0, elementType, Int32(count), 1] { append(bigEndian: value) }
    }
}
