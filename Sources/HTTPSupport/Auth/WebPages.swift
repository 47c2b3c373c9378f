import Foundation
import HTTPTypes
import Hummingbird

/// Keeps pages of other sites from writing where no token is needed: a browser on the network sends what any page wants,
/// but it says which page that was (`Origin`, RFC 6454), which name it has asked for (`Host`), and has to ask before it sends
/// JSON.
package struct WebPages: Sendable {
    /// Names of the server, in lower case.
    private let hosts: Set<String>

    /// - Parameter allowedHosts: Names of the server beside its addresses, `localhost` and the machine's own.
    package init(allowedHosts: [String]) {
        let machine = ProcessInfo.processInfo.hostName.lowercased()
        let short = machine.prefix { $0 != "." }
        hosts = Set(["localhost", machine, String(short)] + allowedHosts.map { $0.lowercased() })
    }

    /// - Parameter authority: What the client calls the server.
    /// - Throws: ``Problem`` 403, or 415, for a request that a page of another site may have made.
    func check(_ request: Request, for authority: String?) throws(Problem) {
        if let authority {
            let host = Self.host(of: authority)
            guard Self.isAddress(host) || hosts.contains(host.lowercased()) else {
                throw Problem(
                    .forbidden,
                    "This server is not known as \(host). Without tokens it takes changes only under its IP address, localhost, the "
                        + "machine's name, or a name that --allowed-host gives."
                )
            }
        }
        if let origin = request.headers[Self.origin] {
            let site = origin.firstRange(of: "://").map { String(origin[$0.upperBound...]) }
            guard let site, site.lowercased() == authority?.lowercased() else {
                throw Problem(
                    .forbidden,
                    "A web page of \(origin) may not change this server, which asks for no tokens."
                )
            }
        }
        let hasBody = request.headers[.contentLength].map { $0 != "0" } ?? (request.headers[.transferEncoding] != nil)
        guard !hasBody || request.headers[.contentType] != nil else {
            throw Problem(.unsupportedMediaType, "A body needs a Content-Type, such as application/json.")
        }
    }

    private static let origin = HTTPField.Name("Origin")!

    /// The host of an authority, without its port (RFC 3986, section 3.2).
    private static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[authority.index(after: authority.startIndex)..<end])
        }
        return String(authority.prefix { $0 != ":" })
    }

    private static func isAddress(_ host: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    }
}
