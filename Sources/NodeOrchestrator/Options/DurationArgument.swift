/// A duration as people write it: `10s`, `5m`, `1h`, `30d`; a bare `0` too.
struct DurationArgument: SpelledArgument, CustomStringConvertible {
    static var forms: String { "a whole number with its unit, s, m, h or d, such as 30s, 5m, 1h or 30d" }

    let seconds: Int

    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    /// A hundred years, beyond which dates and timers overflow.
    private static let maximumSeconds = 36_525 * 86_400

    init?(argument: String) {
        if argument == "0" {
            seconds = 0
            return
        }
        guard let unit = argument.last.flatMap({ Self.units[$0] }),
            let number = Int(argument.dropLast()), number >= 0, number <= Self.maximumSeconds / unit
        else { return nil }
        seconds = number * unit
    }

    init(_ duration: Duration) {
        self.init(seconds: Int(duration.components.seconds))
    }

    init(seconds: Int) {
        self.seconds = seconds
    }

    /// Nil for 0, which stands for none.
    var duration: Duration? { seconds == 0 ? nil : .seconds(seconds) }

    var description: String {
        let unit = Self.units.filter { seconds % $0.value == 0 }.max { $0.value < $1.value }
        guard seconds > 0, let unit else { return "0" }
        return "\(seconds / unit.value)\(unit.key)"
    }
}
