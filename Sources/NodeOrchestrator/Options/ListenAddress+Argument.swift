/// An address to listen on: `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`; without a host every address.
struct ListenAddress: SpelledArgument {
    static var forms: String {
        "an address with a port, such as 127.0.0.1:8080, [::1]:8080, or :8080 for every address"
    }

    let host: String
    let port: Int

    static let standard = ListenAddress(host: "127.0.0.1", port: 8080)

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"),
            let port = UInt16(argument[argument.index(after: colon)...])
        else { return nil }
        var host = argument[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: Int(port))
    }

    /// The address as clients use it.
    ///
    /// - Parameter port: The port that was taken.
    func url(port: Int?) -> String {
        "http://\(host.contains(":") ? "[\(host)]" : host):\(port ?? self.port)"
    }
}
