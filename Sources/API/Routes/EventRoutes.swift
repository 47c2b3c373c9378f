import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import Inventory
import InventoryHTTP
import Journal
import Logging
import NIOCore
import Schema
import ServiceLifecycle
import Store
import Synchronization
import Tokens

/// The feed: `/events`, the journal from a position on, as server-sent events or as NDJSON.
struct EventRoutes {
    let store: InventoryStore

    /// How much is sent at once, in bytes.
    private static let pieceSize = 64 << 10
    /// How long nothing is sent before something without meaning is.
    private static let keepAlive = Duration.seconds(15)
    /// How long a client may take to read what has been sent to it when the server stops.
    private static let stopPatience = Duration.seconds(2)

    func add(to routes: inout RouteTable) {
        routes.logValues(of: ["after", "kind"])
        routes.add("/events", .get, .whoMay(.read), parameters: ["after", "kind"]) { request, context in
            var after = try context.query.value(of: "after", EventPosition.init)
            if let last = request.headers[.lastEventID], !last.isEmpty {
                after = try ["Last-Event-ID": last].value(of: "Last-Event-ID", EventPosition.init)
            }
            let kinds = try context.query.value(of: "kind", Self.kinds)
            let accepted = request.headers[.accept].map { Preferences($0) }
            let format = accepted?.best(of: EventFormat.allCases, \.mediaTypes) ?? .serverSent
            let feed = try store.events(after: after, kinds: kinds)
            try await feed.reader.checkPosition()
            return Response(
                status: .ok,
                headers: [.contentType: format.contentType, .cacheControl: "no-store"],
                body: ResponseBody { writer in
                    defer { feed.stop() }
                    try await Self.send(feed, as: format, to: &writer, context)
                    try await writer.finish(nil)
                }
            )
        }
    }

    private static func kinds(_ text: String) throws(InvalidValue) -> Set<Kind> {
        var kinds: Set<Kind> = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let kind = Kind(clientName: String(name)) else {
                throw InvalidValue("must name kinds among \(Kind.allCases.map(\.name).joined(separator: ", "))")
            }
            kinds.insert(kind)
        }
        return kinds
    }

    /// Sends events until the client goes, the server stops, or what follows is not kept any more.
    private static func send(
        _ feed: EventFeed,
        as format: EventFormat,
        to writer: inout any ResponseBodyWriter,
        _ context: RouteContext
    ) async throws {
        let watch = SendWatch()
        try await withGracefulShutdownHandler {
            let timer = Task {
                while !Task.isCancelled {
                    try await Task.sleep(for: .seconds(1))
                    if watch.isStopping, watch.hasWaited(for: stopPatience) { context.disconnect() }
                    if watch.isIdle(since: keepAlive) { feed.wake() }
                }
            }
            defer { timer.cancel() }
            // So that the client has the beginning of the answer, though nothing may happen for long.
            var beginning = ByteBuffer()
            format.writeKeepAlive(to: &beginning)
            try await watch.sending { [beginning] in try await writer.write(beginning) }
            for await _ in feed.signals {
                var isAtEnd = false
                while !isAtEnd, !watch.isStopping {
                    let next = try await feed.reader.next()
                    isAtEnd = next.isAtEnd
                    var buffer = ByteBuffer()
                    for event in next.events { format.write(event, to: &buffer) }
                    if next.events.isEmpty, watch.isIdle(since: keepAlive) { format.writeKeepAlive(to: &buffer) }
                    while let piece = buffer.readSlice(length: min(pieceSize, buffer.readableBytes)),
                        piece.readableBytes > 0
                    {
                        try await watch.sending { try await writer.write(piece) }
                    }
                }
            }
        } onGracefulShutdown: {
            watch.stop()
            feed.stop()
        }
    }
}

/// Knows for how long nothing has been sent, or how long the client has not taken what was.
private final class SendWatch: Sendable {
    private let state = Mutex(State())

    private struct State {
        var isSending = false
        var since = ContinuousClock.now
        var isStopping = false
    }

    func sending(_ body: () async throws -> Void) async throws {
        set(isSending: true)
        defer { set(isSending: false) }
        try await body()
    }

    private func set(isSending: Bool) {
        state.withLock { state in
            state.isSending = isSending
            state.since = .now
        }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
    }

    var isStopping: Bool { state.withLock(\.isStopping) }

    func isIdle(since duration: Duration) -> Bool {
        state.withLock { !$0.isSending && .now - $0.since >= duration }
    }

    func hasWaited(for duration: Duration) -> Bool {
        state.withLock { $0.isSending && .now - $0.since >= duration }
    }
}

/// How events are written.
private enum EventFormat: CaseIterable {
    /// <https://html.spec.whatwg.org/multipage/server-sent-events.html>
    case serverSent
    /// One JSON object a line.
    case lines

    var contentType: String {
        switch self {
        case .serverSent: "text/event-stream"
        case .lines: LineRoutes.mediaTypes[0]
        }
    }

    /// What a client may call it.
    var mediaTypes: [String] { self == .lines ? LineRoutes.mediaTypes : [contentType] }

    func writeKeepAlive(to buffer: inout ByteBuffer) {
        buffer.writeString(self == .serverSent ? ":\n\n" : "\n")
    }

    func write(_ event: JournalEvent, to buffer: inout ByteBuffer) {
        if case .serverSent = self {
            buffer.writeString("id: \(event.position)\nevent: \(event.operation)\ndata: ")
        }
        buffer.writeBytes(event.json)
        buffer.writeString(self == .serverSent ? "\n\n" : "\n")
    }
}
