import Foundation
package import Records

/// A statement that somebody wants to be carried out.
package struct QueryRequest: Sendable {
    package var sql: String
    /// The values of the parameters, in order.
    package var parameters: [QueryParameter]
    /// What it is as of; nil for now.
    package var moment: Moment?
    package var format: QueryFormat

    package init(sql: String, parameters: [QueryParameter] = [], moment: Moment? = nil, format: QueryFormat = .json) {
        self.sql = sql
        self.parameters = parameters
        self.moment = moment
        self.format = format
    }
}

/// What statements may take.
package struct QueryLimits: Sendable {
    /// How long, until the answer has been sent.
    package var time = Duration.seconds(30)
    /// Rows of an answer.
    package var rows = 1_000_000
    /// Bytes of an answer.
    package var size = 256 << 20
    /// Bytes of memory for data.
    package var memory = 1 << 30
    /// How many are carried out at once, each by a process of its own.
    package var workers = 2
    /// How many wait until others have been carried out.
    package var waiting = 100

    /// Data of the site that statements may read.
    package var attachments: [Attachment] = []
    /// How it is reached, found out for each process.
    package var access: (@Sendable () -> AttachmentAccess)?

    /// How many threads a worker has.
    var threads: Int { max(1, min(4, ProcessInfo.processInfo.activeProcessorCount / 2)) }

    package init() {}

    /// Limits that nothing meets, but for memory: for statements of whoever runs the program.
    package static var none: QueryLimits {
        var limits = QueryLimits()
        (limits.time, limits.rows, limits.size) = (.seconds(30 * 86_400), 1 << 50, 1 << 50)
        return limits
    }
}
