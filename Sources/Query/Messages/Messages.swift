import Foundation
package import Schema

/// A message whose frame has it as JSON.
protocol Message: Codable, Sendable {
    static var tag: Frame.Tag { get }
}

extension Message {
    var frame: Frame {
        get throws { Frame(Self.tag, Array(try JSONEncoder().encode(self))) }
    }

    init(_ frame: Frame) throws {
        guard frame.tag == Self.tag else {
            throw BrokenConnection(description: "the other side sends \(frame.tag) for \(Self.tag)")
        }
        self = try JSONDecoder().decode(Self.self, from: Data(frame.payload))
    }
}

/// What a worker may do.
struct WorkerSettings: Message {
    static var tag: Frame.Tag { .start }

    /// The folder of what it reads.
    var folder: String
    /// The files that links in it lead to.
    var linkedFiles: [String] = []
    /// The folder that it may write an answer to; nobody else uses it.
    var answers = ""
    /// Bytes that DuckDB may take for data.
    var memory: Int
    var threads: Int
    /// Bytes of a file that it may write.
    var fileSize: Int
    /// The names of all data that is attached.
    var attachmentNames: Set<String>
    /// What this worker attaches.
    var attachments: [Attachment] = []
    /// How it gets there; nil for a worker that attaches nothing.
    var access: AttachmentAccess?
}

/// A statement as a client has sent it.
struct QueryStatement: Message {
    static var tag: Frame.Tag { .prepare }

    var sql: String
    var parameters: [QueryParameter]
}

/// The value of a parameter of a statement.
package enum QueryParameter: Codable, Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case text(String)

    /// - Returns: Nil for an array or an object.
    package init?(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .string(let text): self = .text(text)
        case .number(let number): self = Int64(number.literal).map(Self.integer) ?? .double(number.double)
        case .array, .object: return nil
        }
    }
}

/// What a statement is about.
struct StatementNeeds: Message {
    static var tag: Frame.Tag { .needs }

    /// The names of the tables that it reads.
    var tables: Set<String>
    /// The names of the attached data that it reads.
    var attachments: Set<String> = []
    /// Those of them that stand before the name of a table.
    var qualifiers: Set<String> = []
}

/// What the tables of resources begin with.
struct BaseDescription: Message {
    static var tag: Frame.Tag { .base }

    /// The id of a snapshot in the folder; nil for the empty inventory.
    var snapshot: String?
    /// Whether the base is kept for the statements that follow; if not, it is only for the next one.
    var isKept: Bool
}

/// What there is of the past, for the next statement.
struct PastDescription: Message {
    static var tag: Frame.Tag { .past }

    var snapshots: [ListedSnapshot]
    /// The ids of those whose resources are read, all of them in the folder.
    var history: [String] = []
    /// The files of changes, by their names in the folder.
    var changeFiles: [String] = []
    /// The last change that is seen.
    var sequence: UInt64
}

/// A snapshot as the table of snapshots has it.
struct ListedSnapshot: Codable, Sendable {
    var id: String
    /// RFC 3339.
    var takenAt: String
    var sequence: UInt64
    /// Bytes.
    var size: Int
    var resources: Int
}

/// How a statement is carried out.
struct Execution: Message {
    static var tag: Frame.Tag { .execute }

    var format: QueryFormat
    var rowLimit: Int
    var byteLimit: Int
    /// How long a statement may take, and how much of that is left; in milliseconds.
    var timeLimit: Int
    var timeLeft: Int
    /// The number that the answer is as of.
    var sequence: UInt64
}

/// Why a statement is not carried out.
package struct QueryFailure: Message, Error, Equatable {
    static var tag: Frame.Tag { .failed }

    package enum Reason: String, Codable, Sendable {
        /// What it says cannot be done, whatever the data.
        case refused
        /// What it does is wrong for the data.
        case failed
        /// What it gives is more than an answer may have.
        case tooLarge
        /// The memory is not enough for it.
        case outOfMemory
        case timedOut
        /// The engine failed; the process has to be started again.
        case broken
        /// What it reads is not there; the process has to be started again.
        case unready
        /// Attached data cannot be reached; the process has to be started again.
        case sourceAway

        /// Whether the process can carry out another statement.
        package var leavesProcessUsable: Bool { ![.broken, .unready, .sourceAway].contains(self) }
    }

    package var reason: Reason
    /// What is wrong, for the client.
    package var message: String
    /// Where in the statement, in characters from 1.
    package var position: Int?
    /// What is wrong, for whoever runs the program.
    package var detail: String?

    init(_ reason: Reason, _ message: String, position: Int? = nil) {
        self.reason = reason
        self.message = message
        self.position = position
    }
}

/// How an answer is written.
package enum QueryFormat: String, Codable, Sendable, CaseIterable {
    case json, ndjson, csv, parquet

    /// The media type, as in `Accept`.
    package var mediaType: String {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv"
        case .parquet: "application/vnd.apache.parquet"
        }
    }
}
