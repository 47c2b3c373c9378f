import API
import Completeness
import HTTPSupport
import HTTPTypes
import Hummingbird
import Inventory
import InventoryHTTP
import Logging
import NIOCore
import NIOEmbedded
import Schema
import Store
import TestSupport

/// The routes of the API over a store of their own, without a server. Routes that wait for an engine want a connection, which
/// there is none of.
final class RoutesUnderTest: Sendable {
    private let home = TestFolder()
    private let store: InventoryStore
    private let responder: RouterResponder<RouteContext>
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    struct Answer {
        var status: Int
        var headers: HTTPFields
        var text: String
    }

    init() async throws {
        store = try await InventoryStore(StoreConfiguration(DataDirectory(home.folder)), logger: logger)
        let router = InventoryAPI(store: store, metrics: PrometheusRegistry()).routes.router(
            authenticator: Authenticator(verifier: nil, protectsReads: false, pages: WebPages(allowedHosts: [])),
            traffic: Traffic(bodies: Bodies(memory: Bodies.standardMemory), maximumFiles: 1024),
            translate: Problem.ofInventory
        )
        responder = router.buildResponder()
    }

    /// How many resources of a kind there are.
    func count(_ kind: Kind) -> Int { store.count(kind) }

    func request(
        _ method: String,
        _ path: String,
        headers: [String: String] = ["content-type": "application/json"],
        _ body: String? = nil
    ) async throws -> Answer {
        guard let method = HTTPRequest.Method(method) else { preconditionFailure("\(method) is no method") }
        var fields = HTTPFields()
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no name") }
            fields[name] = value
        }
        if let body { fields[.contentLength] = "\(body.utf8.count)" }
        let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path, headerFields: fields)
        let request = Request(head: head, body: .init(buffer: ByteBuffer(string: body ?? "")))
        let context = RouteContext(source: .init(channel: NIOAsyncTestingChannel(), logger: logger))
        let response = try await responder.respond(to: request, context: context)
        let collected = Shared(ByteBuffer())
        try await response.body.write(Collector(collected: collected))
        return Answer(
            status: response.status.code,
            headers: response.headers,
            text: String(buffer: collected.value)
        )
    }
}

/// Collects the body of an answer.
private struct Collector: ResponseBodyWriter {
    let collected: Shared<ByteBuffer>

    mutating func write(_ buffer: ByteBuffer) async throws {
        collected.change { _ = $0.writeImmutableBuffer(buffer) }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
