import HTTPSupport

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`, `unix:/run/inventory.sock`; without a host every address.
extension ListenAddress: SpelledArgument {
    static var forms: String {
        "an address with a port, such as 127.0.0.1:8080, [::1]:8080, or :8080 for every address, or unix: with the path of a socket"
    }

    init?(argument: String) {
        if argument.hasPrefix("unix:") {
            let path = argument.dropFirst("unix:".count)
            guard !path.isEmpty else { return nil }
            self = .socket(path: String(path))
            return
        }
        guard let colon = argument.lastIndex(of: ":"),
            let port = UInt16(argument[argument.index(after: colon)...])
        else { return nil }
        var host = argument[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self = .network(host: host.isEmpty ? "0.0.0.0" : String(host), port: Int(port))
    }
}
