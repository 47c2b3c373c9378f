import NIOSSL

extension BoringSSLError {
    /// What has gone wrong, in the library's words, such as `certificate verify failed`.
    var reason: String {
        let text = "\(self)"
        guard let name = text.firstMatch(of: #/OPENSSL_internal:(\w+)/#)?.1 else { return text }
        return name.lowercased().replacing("_", with: " ")
    }
}
