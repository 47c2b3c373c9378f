import HTTPSupport

/// `10.0.0.5`, `10.0.0.0/8`, `fd00::/8`.
extension AddressRange: SpelledArgument {
    static var forms: String { "an address such as 10.0.0.5 or fd00::5, or a network such as 10.0.0.0/8" }

    init?(argument: String) {
        self.init(argument)
    }
}
