import Foundation

/// Where a server listens.
package enum ListenAddress: Sendable {
    case network(host: String, port: Int)
    /// A socket in the file system.
    case socket(path: String)

    /// Whether only this machine can reach it.
    package var isLocal: Bool {
        switch self {
        case .socket: return true
        case .network(let host, _):
            guard host.lowercased() != "localhost" else { return true }
            return HostAddress(host)?.isLoopback ?? false
        }
    }

    /// The address as clients use it.
    ///
    /// - Parameters:
    ///   - port: The port that was taken.
    ///   - isSecure: Whether clients have to use TLS.
    package func url(port: Int?, isSecure: Bool) -> String {
        switch self {
        case .socket(let path): return "unix:\(path)"
        case .network(let host, let standard):
            let scheme = isSecure ? "https" : "http"
            return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port ?? standard)"
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .socket(let path): "unix:\(path)"
        case .network(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }
}
