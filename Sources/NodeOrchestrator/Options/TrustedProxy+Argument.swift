import HTTPSupport

/// `10.0.0.5`, `10.0.0.0/8`, `fd00::/8`, `unix`.
extension TrustedProxy: SpelledArgument {
    static var forms: String {
        "an address such as 10.0.0.5 or fd00::5, a network such as 10.0.0.0/8, or unix for all clients of Unix sockets"
    }

    init?(argument: String) {
        if argument == "unix" {
            self = .socket
        } else {
            guard let range = AddressRange(argument) else { return nil }
            self = .network(range)
        }
    }
}
