package import Hummingbird
import NIOCore
package import Scheduling
import ServiceLifecycle
package import Tokens

/// What a request carries through the middleware to its route.
package struct RouteContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Who has sent the request; nil where nothing says it.
    var identity: Identity?
    /// Says what its caller may do; set for whatever has a route.
    var authenticator: Authenticator?
    /// What the request has in common with those of others; set for whatever has a route.
    private var sharedTraffic: Traffic?
    package var traffic: Traffic {
        get {
            guard let sharedTraffic else { preconditionFailure("routes have what requests have in common") }
            return sharedTraffic
        }
        set { sharedTraffic = newValue }
    }
    /// The parameters of the query, of those that the route has declared; empty where it reads them itself.
    package internal(set) var query: [String: String] = [:]
    /// Whether another server has passed the request on, which shares a log with this one.
    package internal(set) var isPassedOn = false
    /// The request, where its client may send it again; nil where it has no key.
    package internal(set) var repeatable: RepeatableRequest?
    private let channel: any Channel
    /// Whom the connection is to; nil where it has ended.
    var peer: Peer? { Peer(channel.remoteAddress) }
    /// What trusted proxies say of the request; nil where none has passed it on.
    var forwarding: Forwarding?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// What whoever has sent the request is called, by their token or by their connection; nil where nothing says it.
    package var subject: String? { identity?.subject }

    /// Who the client is by its connection alone; nil where that does not show it.
    func peerIdentity(by rules: RoleRules) async -> Identity? {
        await traffic.connections.connection(of: channel)?.identity(by: rules)
    }

    /// Who asks.
    package var caller: Caller {
        Caller(
            subject: subject,
            address: forwarding?.network ?? peer?.network ?? ""
        )
    }

    /// Who asks for a change, with the request, which the journal has.
    package var writer: Caller {
        var caller = caller
        caller.origin = origin
        return caller
    }

    /// Where the request has come from.
    package var origin: Origin {
        Origin(address: forwarding?.address ?? peer?.description ?? "", request: logger.requestID ?? "")
    }

    /// Makes sure that the caller may do something that not all may who may use the route.
    ///
    /// - Throws: ``Problem`` 403.
    package func check(may permission: Permission) throws(Problem) {
        try authenticator?.check(identity, may: permission, on: endpointPath, logger: logger)
    }

    /// The address of something that has a path on this server, as the client has to use it.
    package func link(_ path: String) -> String { forwarding.map { $0.base + path } ?? path }

    /// How long a client is answered that has closed its side of the connection, since it may be gone.
    private static let silence = Duration.seconds(1)

    /// Does something that is cancelled when the client leaves, or the server stops.
    ///
    /// - Parameter isWrite: Whether it may change something. Then only that ends it that nobody can be answered any more.
    package func whileClientWaits<Value: Sendable>(
        forWrite isWrite: Bool = false,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        // The client may be gone already.
        guard let connection = traffic.connections.connection(of: channel) else { throw CancellationError() }
        let task = Task { try await body() }
        connection.whenClientLeaves { leaving in
            switch leaving {
            case .gone: task.cancel()
            case .silent:
                if isWrite { return }
                Task {
                    try await Task.sleep(for: Self.silence)
                    task.cancel()
                }
            }
        }
        defer { connection.forgetClientLeaving() }
        return try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await task.value
            } onGracefulShutdown: {
                if !isWrite { task.cancel() }
            }
        } onCancel: {
            task.cancel()
        }
    }

    /// Asks a client for the body that waits to be asked (`Expect: 100-continue`, RFC 9110, section 10.1.1): when it is
    /// about to be read, so that whoever may not send it is told so instead.
    package func askForBody(of request: Request) {
        // Nothing else can be expected.
        guard request.headers.contains(.expect) else { return }
        traffic.connections.connection(of: channel)?.askForBody()
    }

    /// What the connection's events are handled by.
    package var eventLoop: any EventLoop { channel.eventLoop }

    /// Closes the connection, whatever is being written to it.
    package func disconnect() {
        channel.close(promise: nil)
    }
}

extension RouteContext {
    /// A parameter of the path, decoded.
    package func parameter(_ name: String) throws(Problem) -> String {
        guard let text = parameters.get(name), let decoded = text.percentDecoded else {
            throw Problem(.badRequest, "The path is not percent-encoded UTF-8.")
        }
        return decoded
    }
}
