import DuckDB
import Foundation
import Inventory
import Schema

/// The order of values whose texts are not in it: addresses and xnames, which are numbers.
enum OrderedValue {
    /// Whether the values of a type have an order other than that of their texts.
    static func isOrdered(_ type: any JSONRepresentable.Type) -> Bool {
        switch type {
        case is NodeXName.Type, is BMCXName.Type, is ComponentXName.Type: true
        default: isAddress(type)
        }
    }

    static func isAddress(_ type: any JSONRepresentable.Type) -> Bool {
        switch type {
        case is IPv4Address.Type, is IPv6Address.Type, is IPAddress.Type: true
        default: false
        }
    }

    // MARK: Ranges

    /// Values from one to another.
    struct Range: Sendable {
        var numbers: ClosedRange<UInt128>
        /// The family, where the values are addresses.
        var isIPv4: Bool
    }

    /// The values that compare so with one; of addresses, those of its family. Nil where there are none.
    static func range(_ comparison: SearchCondition.Comparison, _ value: String) -> Range? {
        let number = number(of: value)
        let isIPv4 = isIPv4(value)
        let all = isIPv4 ? block(number, freeBits: 32) : 0 ... .max
        let numbers: ClosedRange<UInt128>? =
            switch comparison {
            case .equal, .unequal: number...number
            case .greaterOrEqual: number...all.upperBound
            case .lessOrEqual: all.lowerBound...number
            case .greater: number < all.upperBound ? number + 1...all.upperBound : nil
            case .less: number > all.lowerBound ? all.lowerBound...number - 1 : nil
            }
        return numbers.map { Range(numbers: $0, isIPv4: isIPv4) }
    }

    /// The addresses in a block such as `10.9.0.0/16` or `fd00::/64` (RFC 4632, 3.1); bits behind the prefix count
    /// for nothing.
    ///
    /// - Parameter normalize: Reads an address.
    static func block(
        _ text: String,
        _ normalize: (String) throws(InvalidValue) -> String
    ) throws(InvalidValue) -> Range {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let address = try normalize(parts[0])
        let isIPv4 = isIPv4(address)
        let bits = isIPv4 ? 32 : 128
        guard parts.count == 2, let length = Int(parts[1]), parts[1].utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
            (0...bits).contains(length)
        else { throw InvalidValue("has a prefix that is not a number of bits from 0 to \(bits)") }
        return Range(numbers: block(number(of: address), freeBits: bits - length), isIPv4: isIPv4)
    }

    private static func block(_ number: UInt128, freeBits: Int) -> ClosedRange<UInt128> {
        let free: UInt128 = freeBits == 128 ? .max : 1 << UInt128(freeBits) - 1
        return number & ~free...number | free
    }

    private static func isIPv4(_ value: String) -> Bool {
        value.utf8.first.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } == true
            && !value.utf8.contains(UInt8(ascii: ":"))
    }

    private static func number(of value: String) -> UInt128 {
        var value = value
        return value.withUTF8 { number(UnsafeRawBufferPointer($0)) }
    }

    // MARK: Numbers

    /// A number for an address or an xname in normal spelling; numbers are in the order of what they stand for.
    ///
    /// IPv4 addresses are ordered as those that IPv6 maps them to (RFC 4291, 2.5.5.2). An xname is its letters and numbers from
    /// left to right, so that what is within a place follows it.
    static func number(_ text: UnsafeRawBufferPointer) -> UInt128 {
        if text.contains(UInt8(ascii: ":")) { return ipv6(text) }
        guard let first = text.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return xname(text)
        }
        return 0xFFFF << 32 | UInt128(ipv4(text))
    }

    private static func ipv4(_ text: UnsafeRawBufferPointer) -> UInt32 {
        var (address, part): (UInt32, UInt32) = (0, 0)
        for byte in text {
            if byte == UInt8(ascii: ".") {
                address = address << 8 | part
                part = 0
            } else {
                part = part &* 10 &+ UInt32(byte &- UInt8(ascii: "0"))
            }
        }
        return address << 8 | part
    }

    private static func ipv6(_ text: UnsafeRawBufferPointer) -> UInt128 {
        var address = in6_addr()
        let isRead = String(decoding: text, as: UTF8.self).withCString { inet_pton(AF_INET6, $0, &address) == 1 }
        guard isRead else { return 0 }
        return withUnsafeBytes(of: address) { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) }
    }

    /// A letter has five bits, then five say how many bits the number behind it has, and the number follows. What does not fit
    /// in, behind about nine letters, counts for nothing, and a number above ``maximumNumber`` for that.
    private static func xname(_ text: UnsafeRawBufferPointer) -> UInt128 {
        var (result, free) = (UInt128(0), 128)
        var index = 0
        while index < text.count, free > 0 {
            let letter = UInt128(text[index] & 0x1F)
            index += 1
            var number: UInt128 = 0
            while index < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[index]) {
                number = min(number * 10 + UInt128(text[index] - UInt8(ascii: "0")), maximumNumber)
                index += 1
            }
            let length = 128 - number.leadingZeroBitCount
            let part = (letter << 5 | UInt128(length)) << length | number
            // A shift to the left by less than nothing is one to the right.
            free -= 10 + length
            result |= part << free
        }
        return result
    }

    private static let maximumNumber: UInt128 = 1 << 31 - 1

    // MARK: SQL

    private static let functionName = "order_of"

    /// An expression in SQL that has the number of a value.
    static func sql(_ value: String) -> String { "CASE WHEN \(value) IS NOT NULL THEN \(functionName)(\(value)) END" }

    /// Gives a database the function that ``sql(_:)`` needs.
    static func addFunction(to connection: Connection) throws(DuckDBError) {
        let columns = [QueryResult.Column(name: "value", type: .varchar)]
        try connection.addFunction(functionName, of: columns) {
            (rows, answers: UnsafeMutableBufferPointer<UInt128>, _) in
            for row in 0..<rows.count { answers[row] = rows[0].isNull(row) ? 0 : number(rows[0].bytes(row)) }
        }
    }
}
