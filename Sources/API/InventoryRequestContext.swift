package import Hummingbird
import NIOCore
import ServiceLifecycle
import Store

/// What a request carries through the middleware to its route.
package struct InventoryRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// What the token says that came with the request; nil without one.
    var claims: TokenClaims?
    /// What the request has in common with those of others; set for whatever has a route.
    private var sharedTraffic: Traffic?
    var traffic: Traffic {
        get {
            guard let sharedTraffic else { preconditionFailure("routes have what requests have in common") }
            return sharedTraffic
        }
        set { sharedTraffic = newValue }
    }
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

    /// How long a client is answered that has closed its side of the connection, since it may be gone.
    private static let silence = Duration.seconds(1)

    /// Does something that is cancelled when the client leaves, or the server stops.
    func whileClientWaits<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await body() }
        let connection = traffic.connections.connection(of: channel)
        connection?.whenClientLeaves { leaving in
            switch leaving {
            case .gone: task.cancel()
            case .silent:
                Task {
                    try await Task.sleep(for: Self.silence)
                    task.cancel()
                }
            }
        }
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

extension InventoryRequestContext {
    /// A parameter of the path, decoded.
    func parameter(_ name: String) throws(Problem) -> String {
        guard let text = parameters.get(name), let decoded = text.percentDecoded else {
            throw Problem(.badRequest, "The path is not percent-encoded UTF-8.")
        }
        return decoded
    }
}
