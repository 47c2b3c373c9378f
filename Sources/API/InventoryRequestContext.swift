package import Hummingbird
import NIOCore
import ServiceLifecycle
import Store

/// What a request carries through the middleware to its route.
package struct InventoryRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// What the token says that came with the request; nil without one.
    var claims: TokenClaims?
    /// The connections, of which one is that of the request.
    var connections: Connections?
    private let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Subject of the token that came with the request; nil without one.
    var subject: String? { claims?.sub }

    /// Who asks.
    var caller: Caller {
        Caller(
            subject: subject,
            roles: Set([claims?.role].compactMap(\.self)),
            address: channel.remoteAddress?.network ?? ""
        )
    }

    /// Does something that is cancelled when the client leaves, or the server stops.
    func whileClientWaits<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await body() }
        let connection = connections?.connection(of: channel)
        connection?.whenClientLeaves { task.cancel() }
        defer { connection?.forgetClientLeaving() }
        return try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await task.value
            } onGracefulShutdown: {
                task.cancel()
            }
        } onCancel: {
            task.cancel()
        }
    }

    /// Closes the connection, whatever is being written to it.
    func disconnect() {
        channel.close(promise: nil)
    }
}

extension SocketAddress {
    /// The address without the port; of IPv6 the first half, since a single machine may have all of the other.
    fileprivate var network: String? {
        guard case .v6 = self else { return ipAddress }
        return withSockAddr { address, size in
            // Behind family, port and flow of a sockaddr_in6 (RFC 3493, section 3.3).
            let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start: address, count: size)[8..<24])
            // An IPv4 address that came by a socket of both (RFC 4291, section 2.5.5.2).
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            return isMapped
                ? bytes.suffix(4).map(String.init).joined(separator: ".")
                : bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
        }
    }
}
