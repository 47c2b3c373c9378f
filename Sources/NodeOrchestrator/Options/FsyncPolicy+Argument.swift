import Records

/// `always`, `never`, or `interval:1s`.
extension FsyncPolicy: SpelledArgument {
    static var forms: String { "always, never, or interval: with a time and its unit, such as interval:1s" }

    init?(argument: String) {
        switch argument {
        case "always": self = .always
        case "never": self = .never
        default:
            guard argument.hasPrefix("interval:"),
                let interval = DurationArgument(argument: String(argument.dropFirst("interval:".count))),
                interval.seconds > 0
            else { return nil }
            self = .interval(.seconds(interval.seconds))
        }
    }
}
