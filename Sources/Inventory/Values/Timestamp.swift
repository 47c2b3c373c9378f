package import Foundation
package import Schema

/// A moment, to the microsecond, that RFC 3339 writes in UTC: `2026-11-23T18:20:00.123Z`.
///
/// Read with any offset and any number of fraction digits, of which six count. A leap second is the first moment of
/// the next minute, as in POSIX time.
package struct Timestamp: StringValue, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// A date, to the millisecond.
    package init(millisecondOf date: Date) {
        self.init(microseconds: Int64(date.timeIntervalSince1970 * 1000) * 1000)
    }

    /// The moment that can be written, and read by what reads Parquet, which is nearest to one.
    package init(nearest microseconds: Int64) {
        self.microseconds = min(max(microseconds, Self.writable.lowerBound), Self.writable.upperBound)
    }

    package init(_ text: String) throws(InvalidValue) {
        guard let microseconds = Self.microseconds(text) else {
            throw InvalidValue("is not a time such as 2026-11-23T18:20:00Z")
        }
        guard Self.writable.contains(microseconds) else {
            throw InvalidValue("is outside the years 0001 to 9999 in UTC")
        }
        self.microseconds = microseconds
    }

    /// The moment that is nearest to one of which the year in UTC may be another; nil for what is no time.
    package init?(nearest text: String) {
        guard let microseconds = Self.microseconds(text) else { return nil }
        self.init(nearest: microseconds)
    }

    private static func microseconds(_ text: String) -> Int64? {
        guard StringFormat.dateTime.accepts(text) else { return nil }
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64 {
            bytes[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        }
        let fraction =
            bytes[19...].first == UInt8(ascii: ".")
            ? bytes[20...].prefix { $0 <= UInt8(ascii: "9") && $0 >= UInt8(ascii: "0") } : []
        let micros = (Array(fraction.prefix(6)) + Array(repeating: UInt8(ascii: "0"), count: 6)).prefix(6)
            .reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        let end = bytes.count
        var offset: Int64 = 0
        if bytes[end - 1] | 0x20 != UInt8(ascii: "z") {
            offset = number(end - 5..<end - 3) * 60 + number(end - 2..<end)
            if bytes[end - 6] == UInt8(ascii: "-") { offset = -offset }
        }
        let days = days(year: number(0..<4), month: number(5..<7), day: number(8..<10))
        let minutes = (days * 24 + number(11..<13)) * 60 + number(14..<16) - offset
        return (minutes * 60 + number(17..<19)) * 1_000_000 + micros
    }

    /// The moments of the years that RFC 3339 can write and that Python, Java and others read.
    package static let writable: ClosedRange<Int64> =
        days(year: 1, month: 1, day: 1) * 86_400_000_000...days(year: 10_000, month: 1, day: 1) * 86_400_000_000 - 1

    /// Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Hinnant, `days_from_civil`).
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date that lies so many days after 1970-01-01 (Hinnant, `civil_from_days`).
    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    package var description: String {
        var digits = 6
        var fraction = microseconds.flooredQuotient(by: 1_000_000).remainder
        while digits > 0, fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        return text(fraction, digits: digits)
    }

    /// The moment with three digits of the second's fraction, so that texts are ordered as the moments are.
    package var millisecondText: String {
        text(microseconds.flooredQuotient(by: 1_000_000).remainder / 1000, digits: 3)
    }

    /// - Parameters:
    ///   - fraction: The digits of the second's fraction, as a number.
    ///   - digits: How many those are.
    private func text(_ fraction: Int64, digits: Int) -> String {
        let (days, second) = microseconds.flooredQuotient(by: 1_000_000).quotient.flooredQuotient(by: 86_400)
        let date = Self.date(days: days)
        let length = digits > 0 ? 21 + digits : 20
        return String(unsafeUninitializedCapacity: length) { text in
            var position = length
            // From the end to the beginning.
            func put(_ character: Unicode.Scalar) {
                position -= 1
                text[position] = UInt8(ascii: character)
            }
            func put(_ number: Int64, digits: Int) {
                var rest = number
                for _ in 0..<digits {
                    position -= 1
                    text[position] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
            }
            put("Z")
            put(fraction, digits: digits)
            if digits > 0 { put(".") }
            put(second % 60, digits: 2)
            put(":")
            put(second / 60 % 60, digits: 2)
            put(":")
            put(second / 3600, digits: 2)
            put("T")
            put(date.day, digits: 2)
            put("-")
            put(date.month, digits: 2)
            put("-")
            put(date.year, digits: 4)
            return length
        }
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    package static var stringSchema: JSONSchema { JSONSchema(type: .string, format: .dateTime) }
}

extension Int64 {
    /// Quotient rounded down and the remainder, which is never negative for a positive divisor.
    fileprivate func flooredQuotient(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = (self % divisor + divisor) % divisor
        return ((self - remainder) / divisor, remainder)
    }
}
