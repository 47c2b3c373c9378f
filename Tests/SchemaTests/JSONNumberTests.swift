import Schema
import TestSupport
import Testing

struct JSONNumberTests {
    /// Numbers in ascending order; those of one row are equal.
    private static let ascending: [[String]] = [
        ["-1e400"], ["-12345678901234567890124"], ["-12345678901234567890123"], ["-10", "-1e1", "-10.0", "-100E-1"],
        ["-1.5"], ["-1e-400"], ["0", "-0", "0.0", "0e5", "-0.000e-9"], ["1e-400", "0.1e-399"], ["0.1", "0.10", "1e-1"],
        ["1", "1.0", "1e0", "10e-1", "1E+0", "1e-0"], ["1.0000000000000000000001"], ["9"], ["10", "1e1"],
        ["9007199254740992"], ["9007199254740993", "9007199254740993.0"], ["9223372036854775807"],
        ["9223372036854775808"], ["12345678901234567890123", "12345678901234567890123.000"], ["1e400", "10e399"],
    ]

    @Test("Numbers are compared exactly")
    func numbersCompared() throws {
        for (leftIndex, leftRow) in Self.ascending.enumerated() {
            for (rightIndex, rightRow) in Self.ascending.enumerated() {
                for left in leftRow {
                    for right in rightRow {
                        let leftNumber = try #require(JSONNumber(literal: left))
                        let rightNumber = try #require(JSONNumber(literal: right))
                        #expect((leftNumber < rightNumber) == (leftIndex < rightIndex), "\(left) < \(right)")
                        #expect((leftNumber == rightNumber) == (leftIndex == rightIndex), "\(left) == \(right)")
                        if leftIndex == rightIndex { #expect(leftNumber.hashValue == rightNumber.hashValue) }
                    }
                }
            }
        }
    }

    @Test(
        "A number is an integer when it has no fractional part and fits",
        arguments: [
            ("1", 1), ("1.0", 1), ("-1e3", -1000), ("1.5", nil), ("15e-1", nil), ("0.0e9", 0),
            ("1e18", 1_000_000_000_000_000_000),
            ("1e19", nil), ("9223372036854775807", .max), ("9223372036854775808", nil), ("-9223372036854775808", .min),
            ("-9223372036854775808.0", .min), ("9223372036854775808.0", nil), ("-9223372036854775809.0", nil),
            ("1e999999999", nil),
        ] as [(String, Int?)]
    )
    func numberInteger(literal: String, value: Int?) throws {
        #expect(try #require(JSONNumber(literal: literal)).int == value)
    }

    @Test(
        "What the grammar does not allow is no number",
        arguments: ["", "-", "01", "1.", ".1", "1e", "1e+", "+1", "1 ", "0x1", "1e1234567890", "--1", "inf"]
    )
    func whatGrammar(literal: String) {
        #expect(JSONNumber(literal: literal) == nil)
    }

    @Test("A number keeps its spelling", arguments: ["1.00", "-0", "1E400", "0.1e-0000000000001"])
    func numberKeeps(literal: String) throws {
        #expect(try #require(JSONNumber(literal: literal)).literal == literal)
        #expect(try JSONValue(parsing: literal).text == literal)
    }

    @Test("Floating-point numbers read back the same")
    func floatingPoint() {
        for value in [0.1, -1.5, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 100_000_000_000_000_000_000] {
            #expect(JSONNumber(value).double == value)
            #expect(JSONNumber(literal: JSONNumber(value).literal) != nil)
        }
        #expect(JSONNumber(literal: "1e400")?.double == .infinity)
    }
}
