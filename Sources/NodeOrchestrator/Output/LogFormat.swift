public import ArgumentParser
import Foundation
public import Logging
import Schema
import Synchronization

/// How logs are written.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json

    /// Sets up logging, which is done once, and gives the program's logger.
    func bootstrap(level: Logger.Level) -> Logger {
        let output = LogOutput(notice: dropped)
        Self.output.withLock { $0 = output }
        atexit { LogFormat.output.withLock(\.self)?.flush() }
        LoggingSystem.bootstrap { label in handler(label: label, level: level, output) }
        return Logger(label: "node-orchestrator")
    }

    /// What the log is written to, which is flushed when the program ends.
    private static let output = Mutex<LogOutput?>(nil)

    private func handler(label: String, level: Logger.Level, _ output: any TextOutputStream & Sendable)
        -> any LogHandler
    {
        var handler: any LogHandler =
            switch self {
            case .text: TextLogHandler(label: label, output: output)
            case .json: JSONLogHandler(label: label, output: output)
            }
        handler.logLevel = level
        return handler
    }

    /// The line that says that messages were dropped.
    private func dropped(_ count: Int) -> String {
        let line = LogLine()
        let logger = Logger(label: "node-orchestrator") { label in handler(label: label, level: .warning, line) }
        logger.warning(
            "messages were dropped, since whoever reads the log did not keep up",
            metadata: ["messages": .stringConvertible(count)]
        )
        return line.text
    }
}

/// Keeps a line instead of writing it.
private final class LogLine: TextOutputStream, Sendable {
    private let line = Mutex("")

    var text: String { line.withLock(\.self) }

    func write(_ string: String) {
        line.withLock { $0 += string }
    }
}

extension Logger {
    /// The logger of a command that runs and ends: what it has to say goes to its output, so only warnings are logged.
    static func offline() -> Logger {
        LogFormat.text.bootstrap(level: .warning)
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// Writes each message as a line of text, by the library's handler: that makes a text of the metadata whenever some is set,
/// which is once for each request, and this only when there is a line to write.
struct TextLogHandler: LogHandler {
    private let lines: StreamLogHandler
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(label: String, output: any TextOutputStream & Sendable) {
        lines = StreamLogHandler(label: label, stream: output)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var lines = lines
        lines.metadata = metadata
        lines.log(event: event)
    }
}

/// Writes each message as one JSON object on a line.
struct JSONLogHandler: LogHandler {
    let label: String
    let output: any TextOutputStream & Sendable
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(label: String, output: any TextOutputStream & Sendable) {
        self.label = label
        self.output = output
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    private func write(_ value: Logger.Metadata.Value, to writer: inout JSONWriter) {
        switch value {
        case .stringConvertible(let number as any BinaryInteger): writer.number(JSONNumber(Int(clamping: number)))
        case .stringConvertible(let number as Double) where number.isFinite: writer.number(JSONNumber(number))
        default: writer.string(value.description)
        }
    }

    func log(event: LogEvent) {
        var writer = JSONWriter()
        writer.beginObject()
        let fields = [
            ("time", Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))),
            ("level", event.level.rawValue), ("logger", label), ("message", event.message.description),
        ]
        for (key, value) in fields {
            writer.key(key)
            writer.string(value)
        }
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            writer.key(key)
            write(value, to: &writer)
        }
        writer.endObject()
        var output = output
        output.write(String(decoding: writer.bytes, as: UTF8.self) + "\n")
    }
}
