import DuckDB
package import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Schema

/// The changes in the journal as Parquet files, without secrets, for whoever asks what happened by SQL.
///
/// Each closed segment becomes a file once; of the open one each part does that is asked for. The files can be made again
/// from the journal, so they may be removed at any time.
package actor ChangeFiles {
    private var past: PastReader
    private let folder: URL
    private let disk: Disk
    /// Another folder whose files of closed segments are as good.
    private let shared: URL?
    /// The files of the open segment, as far as there are any.
    private var openParts: [ClosedRange<UInt64>] = []
    private nonisolated let executor = ThreadExecutor(label: "change files", givesWay: true)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How many files of the open segment there are before they become one.
    private static let maximumParts = 32
    private static let rowGroupSize = 8192
    private static let table = "logged"

    /// - Parameters:
    ///   - folder: Where the files are.
    ///   - shared: Another folder whose files of closed segments are as good.
    init(_ past: sending PastReader, in folder: URL, disk: Disk, sharing shared: URL? = nil) {
        self.past = past
        self.folder = folder
        self.disk = disk
        self.shared = shared
    }

    /// A file of changes.
    private struct Part {
        /// The numbers whose changes it has.
        var range: ClosedRange<UInt64>
        /// The hash of all transactions up to its last, which no other past has; nil for a part of the open segment.
        var hash: ChainHash?

        var name: String {
            let numbers = "\(range.lowerBound)-\(range.upperBound)"
            return hash.map { "\(numbers)-\($0.description.prefix(16)).parquet" } ?? "\(numbers).parquet"
        }
    }

    /// The files that have the changes up to a transaction, and perhaps later ones.
    ///
    /// - Parameter deadline: When the work is given up; what is done by then is kept.
    /// - Throws: ``Refusal`` where the time is not enough.
    package func files(upTo sequence: UInt64, until deadline: ContinuousClock.Instant) throws -> [URL] {
        try disk.createFolder(folder)
        let closed = try closedParts()
        // A start knows nothing of the parts that there were of an open segment.
        if openParts.isEmpty { try removeAll(except: closed) }
        let parts = closed + openParts(upTo: sequence)
        for (done, part) in parts.enumerated() where !exists(part) {
            try Task.checkCancellation()
            guard .now < deadline else {
                throw Refusal(
                    .unavailable,
                    "The changes are being prepared: \(done) of \(parts.count) parts are ready; try again soon."
                )
            }
            if try !share(part) { try withEngineErrors { try write(part) } }
        }
        try removeAll(except: parts)
        return parts.map(file)
    }

    private func closedParts() throws -> [Part] {
        let segments = past.journal.journal.segments
        return try zip(segments, segments.dropFirst()).map { Part(range: $0.first...$1.first - 1, hash: try $1.base) }
    }

    private func openParts(upTo sequence: UInt64) -> [Part] {
        guard let open = past.journal.journal.segments.last?.first else { return [] }
        openParts.removeAll { $0.lowerBound < open }
        var next = openParts.last.map { $0.upperBound + 1 } ?? open
        if next <= sequence {
            if openParts.count >= Self.maximumParts { (openParts, next) = ([], open) }
            openParts.append(next...sequence)
        }
        return openParts.map { Part(range: $0) }
    }

    private func file(_ part: Part) -> URL { folder.appending(path: part.name) }

    private func exists(_ part: Part) -> Bool { FileManager.default.fileExists(atPath: file(part).path) }

    /// Takes the file of a closed segment from the other folder.
    ///
    /// - Returns: Whether it is there.
    private func share(_ part: Part) throws(DiskError) -> Bool {
        guard let shared, part.hash != nil, try disk.names(in: shared).contains(part.name) else { return false }
        try disk.linkOrCopy(shared.appending(path: part.name), to: file(part))
        return true
    }

    /// Has all files be made anew when they are asked for.
    func makeAnew() throws(DiskError) {
        openParts = []
        try removeAll(except: [])
    }

    private func removeAll(except parts: [Part]) throws(DiskError) {
        let names = Set(parts.map(\.name))
        for name in try disk.names(in: folder) where !names.contains(name) {
            try disk.remove(folder.appending(path: name))
        }
    }

    // MARK: Writing

    private func write(_ part: Part) throws {
        let connection = past.connection
        try connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE \(Self.table)(sequence UBIGINT, "time" TIMESTAMPTZ, author VARCHAR, reason VARCHAR, \
            op VARCHAR, kind VARCHAR, id VARCHAR, document VARCHAR, patch VARCHAR);
            """
        )
        try append(part.range, to: Appender(connection, catalog: "temp", table: Self.table))
        let partial = folder.appending(path: ".partial")
        if FileManager.default.fileExists(atPath: partial.path) { try disk.remove(partial) }
        try connection.execute(
            """
            COPY (FROM \(Self.table) ORDER BY sequence) TO \(partial.path.quotedLiteral) \
            (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE \(Self.rowGroupSize));
            DROP TABLE \(Self.table);
            """
        )
        try disk.adopt(partial)
        try disk.sync(partial)
        try disk.move(partial, to: file(part))
    }

    private func append(_ range: ClosedRange<UInt64>, to appender: Appender) throws {
        let versions = try past.journal.changes(in: range)
        var before = try states(before: range.lowerBound, of: Set(versions.map(\.change.resource)))
        for version in versions {
            let (record, change) = (version.record, version.change)
            try appender.append(.uint(record.sequence))
            try appender.append(.timestampTZ(microseconds: record.time.microseconds))
            let patch = before.map { Self.patch(from: $0[change.resource], to: change.stored) }
            let texts = [
                record.author, record.reason, change.stored == nil ? "delete" : "put", change.resource.kind.name,
                change.resource.id.lowercased, change.stored.map { String(decoding: $0.document, as: UTF8.self) },
                patch,
            ]
            for text in texts {
                if let text { try appender.append(text) } else { try appender.appendNull() }
            }
            try appender.endRow()
            before?[change.resource] = change.stored
        }
        try appender.close()
    }

    /// The operations of RFC 6902 as JSON.
    private static func patch(from old: StoredResource?, to new: StoredResource?) -> String {
        guard old == nil, let new else { return JSONPatch(from: old?.json, to: new?.json).json.text }
        // What a comparison with nothing gives.
        return #"[{"op":"add","path":"","value":\#(String(decoding: new.document, as: UTF8.self))}]"#
    }

    /// What resources were before a transaction; nil where that is not kept any more.
    private func states(
        before sequence: UInt64,
        of resources: Set<ResourceID>
    ) throws -> [ResourceID: StoredResource]? {
        do {
            return try past.states(of: resources, at: sequence - 1)
        } catch let refusal as Refusal where refusal.problems.contains(where: { $0.reason == .gone }) {
            return nil
        }
    }
}
