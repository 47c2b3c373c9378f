import CPostgreSQL
import Foundation

/// A connection to PostgreSQL. Calls block their thread, but never longer than they are told.
///
/// After ``PostgresError/Kind/connection`` a connection does nothing any more; a new one is to be made.
package final class PostgresConnection {
    private let functions: no_libpq
    private let handle: OpaquePointer
    private let warnings: Warnings
    /// Why there is no connection any more.
    private var failure: PostgresError?

    /// Connects to the first server that accepts writes.
    ///
    /// - Parameters:
    ///   - name: What the server calls the connection in its lists.
    ///   - limit: How long that may take with each server.
    package static func open(
        _ location: PostgresLocation,
        name: String,
        within limit: Duration
    ) throws(PostgresError) -> PostgresConnection {
        var reasons: [String] = []
        let servers: [PostgresLocation.Server?] = location.servers.isEmpty ? [nil] : location.servers
        for server in servers {
            do throws(PostgresError) {
                return try PostgresConnection(location, server, name: name, within: limit)
            } catch {
                guard error.kind == .connection else { throw error }
                reasons.append(error.description)
            }
        }
        throw PostgresError(.connection, reasons.joined(separator: "; "))
    }

    private init(
        _ location: PostgresLocation,
        _ server: PostgresLocation.Server?,
        name: String,
        within limit: Duration
    ) throws(PostgresError) {
        functions = try PostgresLibrary.functions()
        warnings = Warnings(functions)
        var options = [
            ("dbname", location.text), ("client_encoding", "UTF8"), ("application_name", name),
            ("target_session_attrs", "read-write"),
        ]
        if let server { options.append(("host", server.host)) }
        if let port = server?.port { options.append(("port", port)) }
        let keywords = options.map { strdup($0.0) }
        let values = options.map { strdup($0.1) }
        defer { (keywords + values).forEach { free($0) } }
        guard
            let handle = functions.connectStartParams(
                keywords.map { UnsafePointer($0) } + [nil],
                values.map { UnsafePointer($0) } + [nil],
                1
            )
        else { throw PostgresError(.connection, "there is no memory for a connection") }
        self.handle = handle
        let deadline = ContinuousClock.now + limit
        var isConnected = false
        guard functions.status(handle) != NO_PQ_CONNECTION_BAD else { throw lost() }
        try wait(for: POLLOUT, until: deadline)
        while !isConnected {
            guard functions.status(handle) != NO_PQ_CONNECTION_BAD else { throw lost() }
            switch functions.connectPoll(handle) {
            case Int32(NO_PQ_POLLING_OK): isConnected = true
            case Int32(NO_PQ_POLLING_READING): try wait(for: POLLIN, until: deadline)
            case Int32(NO_PQ_POLLING_WRITING): try wait(for: POLLOUT, until: deadline)
            default: throw lost()
            }
        }
        guard functions.setnonblocking(handle, 1) == 0 else { throw lost() }
        _ = functions.setNoticeReceiver(handle, Warnings.receive, Unmanaged.passUnretained(warnings).toOpaque())
    }

    deinit { functions.finish(handle) }

    /// The descriptor by which the server is heard.
    package var descriptor: CInt { functions.socket(handle) }

    /// Carries out a statement, by itself a transaction.
    ///
    /// - Returns: Its rows, and what the server warned of.
    package func run(
        _ statement: String,
        _ parameters: [PostgresValue] = [],
        within limit: Duration
    ) throws(PostgresError) -> (rows: PostgresRows, warnings: [String]) {
        let results = try exchange(within: limit) {
            let bytes = parameters.map(\.bytes)
            let types = parameters.map(\.type)
            let lengths = bytes.map { CInt($0.count) }
            let formats = parameters.map { CInt($0.isBinary ? 1 : 0) }
            return withPointers(to: bytes) { values in
                functions.sendQueryParams(
                    handle,
                    statement,
                    CInt(parameters.count),
                    types,
                    values,
                    lengths,
                    formats,
                    0
                )
            }
        }
        guard let rows = results.rows else { throw PostgresError(.connection, "the server returned nothing") }
        return (rows, results.warnings)
    }

    /// Carries out several statements, which together are a transaction.
    package func run(script: String, within limit: Duration) throws(PostgresError) {
        _ = try exchange(within: limit) { functions.sendQuery(handle, script) }
    }

    /// Whether the server has sent notifications since this was last asked.
    package func hasNotifications() throws(PostgresError) -> Bool {
        if let failure { throw failure }
        guard functions.consumeInput(handle) == 1 else { throw lost() }
        var isAny = false
        while let notification = functions.notifies(handle) {
            functions.freemem(notification)
            isAny = true
        }
        return isAny
    }

    // MARK: Sending and waiting

    /// Sends something and takes all that the server answers.
    ///
    /// - Returns: The last rows.
    private func exchange(
        within limit: Duration,
        _ send: () -> CInt
    ) throws(PostgresError) -> (rows: PostgresRows?, warnings: [String]) {
        if let failure { throw failure }
        let deadline = ContinuousClock.now + limit
        warnings.texts = []
        guard send() == 1 else { throw lost() }
        while true {
            let rest = functions.flush(handle)
            if rest == 0 { break }
            guard rest > 0 else { throw lost() }
            // The server may be waiting for its own answer to be taken.
            try wait(for: POLLIN | POLLOUT, until: deadline)
            guard functions.consumeInput(handle) == 1 else { throw lost() }
        }
        var rows: PostgresRows?
        var refusal: PostgresError?
        while true {
            while functions.isBusy(handle) == 1 {
                try wait(for: POLLIN, until: deadline)
                guard functions.consumeInput(handle) == 1 else { throw lost(refusal) }
            }
            guard let result = functions.getResult(handle) else { break }
            let status = functions.resultStatus(result)
            if status == NO_PQ_COMMAND_OK || status == NO_PQ_TUPLES_OK {
                rows = PostgresRows(result, functions)
            } else {
                refusal = refusal ?? self.refusal(result)
                functions.clear(result)
            }
        }
        guard functions.status(handle) != NO_PQ_CONNECTION_BAD else { throw lost(refusal) }
        if let refusal { throw refusal }
        return (rows, warnings.texts)
    }

    private func refusal(_ result: OpaquePointer) -> PostgresError? {
        guard let code = functions.resultErrorField(result, CInt(NO_PQ_SQLSTATE)) else { return nil }
        let message =
            functions.resultErrorField(result, CInt(NO_PQ_MESSAGE)).map { String(cString: $0) } ?? "no reason given"
        return PostgresError(.refused(code: String(cString: code)), "PostgreSQL says: \(message)")
    }

    /// Waits until the server has something, or takes something.
    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            let left = deadline - .now
            var polled = pollfd(fd: functions.socket(handle), events: Int16(events), revents: 0)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            let count = left > .zero ? poll(&polled, 1, CInt(clamping: milliseconds + 1)) : 0
            if count > 0 { return }
            if count < 0, errno == EINTR { continue }
            let error = PostgresError(.connection, "PostgreSQL does not answer in time")
            failure = error
            throw error
        }
    }

    /// The connection is of no use any more.
    ///
    /// - Parameter farewell: What the server has said before it ended the connection.
    private func lost(_ farewell: PostgresError? = nil) -> PostgresError {
        let message = farewell?.description ?? functions.errorMessage(handle).map { String(cString: $0) } ?? ""
        let lines = message.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
        var line = lines.joined(separator: " ")
        if line.hasSuffix(".") { line.removeLast() }
        let error = PostgresError(.connection, line.isEmpty ? "the connection to PostgreSQL is lost" : line)
        failure = error
        return error
    }

    private func withPointers(to values: [[UInt8]], _ body: ([UnsafePointer<CChar>?]) -> CInt) -> CInt {
        // An array has to stay at its place for as long as libpq looks at it.
        let copies = values.map { value in
            let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: value.count)
            _ = copy.initialize(from: value)
            return copy
        }
        defer { copies.forEach { $0.deallocate() } }
        return body(copies.map { UnsafeRawPointer($0.baseAddress)?.assumingMemoryBound(to: CChar.self) })
    }
}

/// What the server warned of while it carried out a statement.
private final class Warnings {
    var texts: [String] = []
    private let functions: no_libpq

    init(_ functions: no_libpq) {
        self.functions = functions
    }

    /// Takes what libpq hands on, on the thread that uses the connection.
    static let receive: PQnoticeReceiver = { context, result in
        guard let context, let result else { return }
        let warnings = Unmanaged<Warnings>.fromOpaque(context).takeUnretainedValue()
        let functions = warnings.functions
        let severity = functions.resultErrorField(result, CInt(NO_PQ_SEVERITY)).map { String(cString: $0) }
        guard severity == "WARNING", let text = functions.resultErrorField(result, CInt(NO_PQ_MESSAGE)) else { return }
        warnings.texts.append(String(cString: text))
    }
}
