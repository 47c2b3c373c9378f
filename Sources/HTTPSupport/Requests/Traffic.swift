package import Audit
import Scheduling

/// What requests of all clients have in common: their connections, the memory for their bodies, and who may speak for others.
package final class Traffic: Sendable {
    let connections: Connections
    package let bodies: Bodies
    let proxies: TrustedProxies
    /// Where it is written down what requests do; nil for nowhere.
    let audit: AuditLog?
    let compressors = BackgroundThreads(label: "compress")

    /// How many connections there are at most, however many files may be open.
    private static let maximumConnections = 4096
    /// How many files may be open for all but connections: the journal, snapshots, what DuckDB reads.
    private static let reservedFiles = 256

    /// - Parameter maximumFiles: How many files the process may have open.
    package init(bodies: Bodies, maximumFiles: Int, proxies: TrustedProxies = .none, audit: AuditLog? = nil) {
        connections = Connections(
            maximumCount: max(16, min(Self.maximumConnections, maximumFiles - Self.reservedFiles)),
            proxies: proxies
        )
        self.bodies = bodies
        self.proxies = proxies
        self.audit = audit
    }
}
