import Foundation
import RawHTTP
import Schema

/// A feed of the server, read event by event while it comes.
///
/// The server drops a reader that takes nothing for 30 s, so a test that writes meanwhile hands the feed to a thread of
/// its own. It is Sendable for that, unchecked, since whoever hands it on reads again only when that thread is done.
final class EventStream: @unchecked Sendable {
    /// How the feed is written.
    enum Format: String, CaseIterable, Sendable {
        case serverSentEvents = "text/event-stream"
        case ndjson = "application/x-ndjson"
    }

    /// What comes as one event or one line.
    struct Event: Sendable, Equatable {
        /// What `id:` and `event:` say; nil in NDJSON.
        var id: String?
        var name: String?
        var data: String

        var json: JSONValue {
            get throws { try JSONValue(parsing: Array(data.utf8)) }
        }
    }

    /// The server did not open a feed.
    struct Refused: Error, CustomStringConvertible {
        let answer: HTTPConnection.Answer

        var description: String { "the server refused the feed: \(answer.status) \(answer.text)" }
    }

    /// What was waited for did not come.
    struct TimedOut: Error {}

    let headers: [String: String]
    private let connection: HTTPConnection
    private let format: Format
    private var received: [UInt8] = []
    /// How much of what was received has been given out, and how much holds no further end of a line.
    private var taken = 0
    private var searched = 0
    /// Keep-alives come for ever, so silence ends no wait.
    private let deadline = ContinuousClock.now + .seconds(120)

    /// Opens a feed.
    ///
    /// - Parameter unread: About how many bytes wait for this reader at most; nil for what the system allows.
    init(
        port: Int,
        token: String?,
        _ parameters: String = "",
        format: Format = .serverSentEvents,
        lastEventID: String? = nil,
        unread: Int? = nil
    ) throws {
        self.format = format
        connection = try HTTPConnection(port: port)
        if let unread { connection.limitUnread(to: unread) }
        var headers = ["Accept": format.rawValue]
        headers["Last-Event-ID"] = lastEventID
        let path = parameters.isEmpty ? "/events" : "/events?\(parameters)"
        try connection.send("GET", path, token: token, headers: headers)
        var answer = try connection.head()
        self.headers = answer.headers
        guard answer.status != 200 else { return }
        if let count = answer.headers["content-length"].flatMap({ Int($0) }) {
            answer.body = try connection.read(count: count)
        }
        throw Refused(answer: answer)
    }

    /// The next event; nil when the server has ended the feed.
    func next() throws -> Event? {
        var event = Event(data: "")
        while let line = try line() {
            if format == .ndjson {
                if !line.isEmpty { return Event(data: line) }
                continue
            }
            if line.isEmpty {
                if !event.data.isEmpty { return event }
                continue
            }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1].trimmingPrefix(" ")) : ""
            switch parts[0] {
            case "id": event.id = value
            case "event": event.name = value
            case "data": event.data += event.data.isEmpty ? value : "\n\(value)"
            default: break
            }
        }
        return nil
    }

    /// The next events, as many as are asked for.
    ///
    /// - Throws: When the feed ends before.
    func events(count: Int) throws -> [Event] {
        try (0..<count).map { _ in
            guard let event = try next() else { throw HTTPConnection.BrokenConnection() }
            return event
        }
    }

    /// The events up to the first that fulfils a condition.
    ///
    /// - Throws: When the feed ends before.
    func events(through isLast: (JSONValue) -> Bool) throws -> [Event] {
        var events: [Event] = []
        repeat {
            guard let event = try next() else { throw HTTPConnection.BrokenConnection() }
            events.append(event)
        } while try !isLast(events[events.count - 1].json)
        return events
    }

    private func line() throws -> String? {
        while true {
            if let offset = received[searched...].withUnsafeBytes({ $0.firstIndex(of: UInt8(ascii: "\n")) }) {
                let line = String(decoding: received[taken..<searched + offset], as: UTF8.self)
                taken = searched + offset + 1
                searched = taken
                return line
            }
            received.removeFirst(taken)
            taken = 0
            searched = received.count
            guard let chunk = try connection.chunk() else { return nil }
            guard ContinuousClock.now < deadline else { throw TimedOut() }
            received += chunk
        }
    }
}

extension ServerProcess {
    /// Opens the feed with the local client's token.
    func events(
        _ parameters: String = "",
        format: EventStream.Format = .serverSentEvents,
        lastEventID: String? = nil,
        unread: Int? = nil
    ) throws -> EventStream {
        try EventStream(
            port: port,
            token: clientToken(),
            parameters,
            format: format,
            lastEventID: lastEventID,
            unread: unread
        )
    }
}
