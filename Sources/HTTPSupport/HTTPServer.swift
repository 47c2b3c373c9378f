import Foundation
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// Serves routes on one or several addresses, and ends all their connections when it is asked to stop.
package struct HTTPServer: Service {
    private let applications: [(address: String, application: Application<RouterResponder<RouteContext>>)]
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
    ///   - onReady: Called with the index and the port of each address when it is listened to.
    package init(
        _ routes: RouteTable,
        for authenticator: Authenticator,
        _ traffic: Traffic,
        translating translate: @escaping ProblemTranslation,
        listeningOn addresses: [(host: String, port: Int)],
        logger: Logger,
        onReady: @escaping @Sendable (_ index: Int, _ port: Int?) -> Void
    ) {
        self.traffic = traffic
        self.logger = logger
        let router = routes.router(authenticator: authenticator, traffic: traffic, translate: translate)
        applications = addresses.enumerated().map { index, address in
            let application = Application(
                responder: router.buildResponder(),
                server: .http1(
                    configuration: .init(
                        additionalChannelHandlers: [ConnectionHandler(traffic.connections, logger: logger)],
                        idleTimeout: Self.idleTimeout
                    )
                ),
                configuration: ApplicationConfiguration(
                    address: .hostname(address.host, port: address.port),
                    backlog: Self.backlog
                ),
                onServerRunning: { onReady(index, $0.localAddress?.port) },
                logger: logger
            )
            let host = address.host.contains(":") ? "[\(address.host)]" : address.host
            return ("\(host):\(address.port)", application)
        }
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
                group.addTask {
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

/// An address that cannot be listened to.
package struct ListenError: Error, CustomStringConvertible {
    package let description: String

    init(_ address: String, _ reason: String) {
        description = "cannot listen on \(address): \(reason)"
    }
}
