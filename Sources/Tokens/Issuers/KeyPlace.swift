package import Foundation
import GuardedFiles

/// Where the keys of an issuer of tokens are: a set of JSON Web Keys (RFC 7517).
package enum KeyPlace: Sendable, Equatable {
    /// A server, over HTTP or HTTPS.
    case url(URL)
    /// A file that only its owner can write: whoever writes it makes tokens.
    case file(URL)

    /// A place over HTTP or HTTPS; nil for what is no address with such a scheme and a host, and for one with a password, which
    /// would stand in the log.
    package init?(url text: String) {
        guard let url = URL(string: text), Self.isFetched(url), url.user == nil, url.password == nil else { return nil }
        self = .url(url)
    }

    /// Whether an address is one of HTTP.
    static func isFetched(_ url: URL) -> Bool {
        ["http", "https"].contains(url.scheme?.lowercased()) && url.host?.isEmpty == false
    }

    /// What a file has.
    static func read(_ file: URL) throws(KeySetError) -> [UInt8] {
        do throws(GuardedFileError) {
            return try GuardedFile(file, "--jwks-file", guarded: .fromWriters, maximumSize: KeySet.maximumSize).read()
                .bytes
        } catch {
            throw KeySetError(error.reason)
        }
    }

    /// Whether what comes from there may have been changed on its way.
    package var isUnprotected: Bool {
        guard case .url(let url) = self, url.scheme?.lowercased() == "http", let host = url.host else { return false }
        return host != "localhost" && host != "::1" && !host.hasPrefix("127.")
    }
}

extension KeyPlace: CustomStringConvertible {
    /// The place for the log, without a query.
    package var description: String {
        switch self {
        case .file(let file): return file.path
        case .url(let url):
            guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return "an address" }
            (parts.query, parts.fragment) = (nil, nil)
            return parts.string ?? "an address"
        }
    }
}
