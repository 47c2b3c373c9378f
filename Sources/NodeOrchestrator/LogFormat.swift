public import ArgumentParser
import Foundation
public import Logging
import Schema

/// How logs are written.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json

    /// Sets up logging, which is done once, and gives the program's logger.
    func bootstrap(level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { label in handler(label: label, level: level) }
        return Logger(label: "node-orchestrator")
    }

    /// A handler that writes to standard error.
    private func handler(label: String, level: Logger.Level) -> any LogHandler {
        var handler: any LogHandler =
            switch self {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(label: label)
            }
        handler.logLevel = level
        return handler
    }
}

extension Logger {
    /// The logger of a command that runs and ends: what it has to say goes to its output, so only warnings are logged.
    static func offline() -> Logger {
        LogFormat.text.bootstrap(level: .warning)
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// Writes each message as one JSON object on a line of standard error.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    private func write(_ value: Logger.Metadata.Value, to writer: inout JSONWriter) {
        switch value {
        case .stringConvertible(let number as Int): writer.integer(number)
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
        do {
            try FileHandle.standardError.write(contentsOf: Data(writer.bytes + [UInt8(ascii: "\n")]))
        } catch {
            // There is nowhere left to say that the log cannot be written; the server goes on without it.
        }
    }
}
