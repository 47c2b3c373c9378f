/// RFC 3339, section 5.6, `date-time`: `YYYY-MM-DD`, `T` or `t`, `hh:mm:ss`, an optional `.` with digits, and `Z`, `z`
/// or an offset of `+hh:mm` or `-hh:mm` up to 23:59.
///
/// The day exists in the Gregorian calendar. A second of 60 stands only where the time in UTC is 23:59.
func isDateTime(_ text: Bytes) -> Bool {
    var reader = DateTimeReader(rest: text)
    guard let year = reader.number(digits: 4), reader.skip("-"),
        let month = reader.number(digits: 2), reader.skip("-"), (1...12).contains(month),
        let day = reader.number(digits: 2), (1...days(inMonth: month, ofYear: year)).contains(day),
        reader.skip("T") || reader.skip("t"),
        let hour = reader.number(digits: 2), reader.skip(":"), hour < 24,
        let minute = reader.number(digits: 2), reader.skip(":"), minute < 60,
        let second = reader.number(digits: 2), second <= 60,
        !reader.skip(".") || reader.skipDigits(),
        let offset = reader.offsetInMinutes(), reader.rest.isEmpty
    else { return false }
    let minuteOfDay = (hour * 60 + minute - offset + 2 * 1440) % 1440
    return second < 60 || minuteOfDay == 1439
}

private func days(inMonth month: Int, ofYear year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

private struct DateTimeReader {
    var rest: Bytes

    mutating func number(digits: Int) -> Int? {
        guard rest.count >= digits, let number = decimalNumber(rest.prefix(digits)) else { return nil }
        rest = rest.dropFirst(digits)
        return number
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Goes past digits, and returns whether there was one.
    mutating func skipDigits() -> Bool {
        let count = rest.count
        rest = rest.drop(while: \.isASCIIDigit)
        return rest.count < count
    }

    mutating func offsetInMinutes() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let isNegative = skip("-")
        guard isNegative || skip("+"), let hour = number(digits: 2), hour < 24, skip(":"),
            let minute = number(digits: 2), minute < 60
        else { return nil }
        return (hour * 60 + minute) * (isNegative ? -1 : 1)
    }
}
