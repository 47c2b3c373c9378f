import API
import Completeness
import Foundation
import HTTPSupport
import Hummingbird
import InventoryHTTP
import Logging
import Metrics
import Schema
import ServiceLifecycle
import Store

/// The routes of the program, and one that answers a constant, over the same HTTP stack: what lookups are measured by.
///
/// `Benchmarks serve FOLDER` serves what a killed program has left in its data directory, without tokens, until it is killed
/// itself.
enum ComparingServer {
    /// As long as a generated node.
    private static let constantBytes = 756

    static func run(_ data: URL) async throws {
        let logger = Logger(label: "comparing") { _ in SwiftLogNoOpLogHandler() }
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let store = try await InventoryStore(StoreConfiguration(DataDirectory(data)), logger: logger)
        var routes = RouteTable()
        let constant = JSONValue.string(String(repeating: "x", count: constantBytes - 2)).bytes
        routes.add("/constant/{ref}", .get, .open) { _, _ in .json(constant) }
        routes.add(InventoryAPI(store: store, metrics: metrics).routes)
        let server = HTTPServer(
            routes,
            for: Authenticator(verifier: nil, protectsReads: false, pages: WebPages(allowedHosts: [])),
            Traffic(bodies: Bodies(memory: Bodies.standardMemory), maximumFiles: 1024),
            translating: Problem.ofInventory,
            listeningOn: [.network(host: "127.0.0.1", port: 0)],
            logger: logger
        ) { _, port in
            FileHandle.standardError.write(Data("ready: listening on http://127.0.0.1:\(port ?? 0)\n".utf8))
        }
        try await ServiceGroup(services: [store, server], logger: logger).run()
    }
}
