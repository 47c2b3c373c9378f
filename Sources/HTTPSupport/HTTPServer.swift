import Foundation
package import GuardedFiles
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import NIOSSL
import ServiceLifecycle

/// Serves routes on one or several addresses, and ends all their connections when it is asked to stop.
package struct HTTPServer: Service {
    private let applications: [(address: ListenAddress, application: Application<RouterResponder<RouteContext>>)]
    private let socketMode: mode_t
    private let traffic: Traffic
    private let logger: Logger

    /// How many connections may wait for the server to accept them.
    private static let backlog = 4096
    /// Time without a byte from the client after which a connection is closed.
    private static let idleTimeout = TimeAmount.seconds(120)
    /// How long requests may still take when the server stops.
    private static let stopPatience = Duration.seconds(10)
    /// How long those that are cut off then may take to notice.
    private static let cutOffPatience = Duration.seconds(5)

    /// - Parameters:
    ///   - translate: Says which problems errors of the routes are.
    ///   - certificate: What connections over the network are secured with; nil where they are not.
    ///   - socketMode: Permissions of the files of Unix sockets.
    ///   - onReady: Called with the index and the port of each address when it is listened to.
    package init(
        _ routes: RouteTable,
        for authenticator: Authenticator,
        _ traffic: Traffic,
        translating translate: @escaping ProblemTranslation,
        listeningOn addresses: [ListenAddress],
        certificate: WatchedValue<NIOSSLContext>? = nil,
        socketMode: UInt32 = 0o600,
        logger: Logger,
        onReady: @escaping @Sendable (_ index: Int, _ port: Int?) -> Void
    ) {
        self.traffic = traffic
        self.socketMode = socketMode
        self.logger = logger
        let router = routes.router(authenticator: authenticator, traffic: traffic, translate: translate)
        applications = addresses.enumerated().map { index, address in
            let socket = Self.socket(address, socketMode)
            let application = Application(
                responder: router.buildResponder(),
                server: Self.server(traffic.connections, socket == nil ? certificate : nil, logger: logger),
                configuration: ApplicationConfiguration(address: Self.bindAddress(address), backlog: Self.backlog),
                onServerRunning: { channel in
                    do {
                        try socket?.open()
                    } catch {
                        logger.error("others cannot use the socket", metadata: ["reason": "\(error)"])
                    }
                    onReady(index, channel.localAddress?.port)
                },
                logger: logger
            )
            return (address, application)
        }
    }

    private static func server(
        _ connections: Connections,
        _ certificate: WatchedValue<NIOSSLContext>?,
        logger: Logger
    ) -> HTTPServerBuilder {
        let isSecure = certificate != nil
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionHandler(connections, isSecure: isSecure, logger: logger)],
            idleTimeout: idleTimeout
        )
        guard let certificate else { return .http1(configuration: configuration) }
        return HTTPServerBuilder { responder in
            SecureChannel(
                base: HTTP1Channel(responder: responder, configuration: configuration),
                certificate: certificate
            )
        }
    }

    private static func bindAddress(_ address: ListenAddress) -> BindAddress {
        switch address {
        case .network(let host, let port): .hostname(host, port: port)
        case .socket(let path): .unixDomainSocket(path: path)
        }
    }

    private static func socket(_ address: ListenAddress, _ mode: mode_t) -> UnixSocket? {
        guard case .socket(let path) = address else { return nil }
        return UnixSocket(path: path, mode: mode)
    }

    package func run() async throws {
        let (ends, end) = AsyncStream<Result<Void, any Error>>.makeStream()
        // Not a child: requests that do not end in time are left behind.
        Task {
            do {
                try await serve()
                end.yield(.success(()))
            } catch {
                end.yield(.failure(error))
            }
        }
        try await withGracefulShutdownHandler {
            for await result in ends { return try result.get() }
        } onGracefulShutdown: {
            Task {
                try await Task.sleep(for: Self.stopPatience)
                let count = traffic.connections.close()
                if count > 0 {
                    logger.warning(
                        "closed connections whose requests did not end in time",
                        metadata: ["connections": .stringConvertible(count)]
                    )
                }
                try await Task.sleep(for: Self.cutOffPatience)
                end.yield(.success(()))
            }
        }
    }

    private func serve() async throws {
        let watch = Task { try await traffic.connections.watch(logger) }
        defer { watch.cancel() }
        try await withThrowingTaskGroup { group in
            for (address, application) in applications {
                let socket = Self.socket(address, socketMode)
                group.addTask {
                    try socket?.prepare()
                    defer { socket?.remove() }
                    do {
                        try await application.run()
                    } catch let error as IOError {
                        throw ListenError(address, String(cString: strerror(error.errnoCode)))
                    } catch let error as SocketAddressError {
                        throw ListenError(address, "\(error)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
