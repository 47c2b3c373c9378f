import Foundation
import Inventory
import Journal
import PostgreSQL
import Records

/// The transactions of a log.
extension SharedLog {
    /// How many lines, and about how many bytes, are read at once.
    private static let (maximumLines, maximumBytes): (Int64, Int64) = (4096, 8 << 20)
    /// How much is appended in a time at least.
    private static let bytesPerMillisecond = 8_000
    /// How many lines are forgotten at once.
    private static let prunedLines: Int64 = 20_000

    /// What became of lines.
    enum Appended {
        case counts
        /// Another one leads, or the log has gone on.
        case refused
        /// The server has warned of something, so that nobody knows how safe the lines are.
        case warned(String)
    }

    /// Appends lines of whole transactions behind a point.
    func append(_ lines: [SharedLine], after point: ChainPoint, as tenure: UUID) throws -> Appended {
        let allowance = Duration.milliseconds(lines.reduce(0) { $0 + $1.bytes.count } / Self.bytesPerMillisecond)
        // Nobody else is to lead before it is done.
        if allowance > lease / 5, try renew(tenure, for: lease + allowance) == nil { return .refused }
        let (rows, warnings) = try connection.run(
            LogTables.append,
            [
                .text(tenure.lowercased), .number((lease + allowance).wholeMilliseconds),
                .number(Int64(point.sequence)),
                .text(point.hash.description), .numbers(lines.map { Int64($0.sequence) }),
                .numbers(lines.map { Int64($0.part) }), .texts(lines.map { Array($0.chain.description.utf8) }),
                .texts(lines.map(\.bytes)),
            ],
            within: limit + allowance
        )
        if let warning = warnings.first { return .warned(warning) }
        return rows.text(0, 0) == "t" ? .counts : .refused
    }

    /// Forgets old transactions that are in a snapshot, and that no server needs.
    func prune(as tenure: UUID, keepFor: Duration, through sequence: UInt64) throws {
        _ = try run(
            LogTables.pruning,
            .text(tenure.lowercased),
            .number(keepFor.wholeMilliseconds),
            .number(Int64(sequence)),
            .number(Self.prunedLines)
        )
    }

    /// Whether the log has all behind a point, and the point itself.
    func has(_ point: ChainPoint) throws -> Bool {
        let rows = try run(LogTables.chain, .number(Int64(point.sequence)))
        return (0..<rows.count).contains { rows.text($0, 0) == point.hash.description }
    }

    /// Transactions behind a point, of many the first.
    func transactions(after point: ChainPoint) throws -> [(record: JournalRecord, point: ChainPoint)] {
        var reader = SharedLineReader(after: point)
        var found: [(record: JournalRecord, point: ChainPoint)] = []
        var (sequence, part) = (Int64(point.sequence), Int64.max)
        while found.isEmpty {
            let rows = try run(
                LogTables.lines,
                .number(sequence),
                .number(part),
                .number(Self.maximumLines),
                .number(Self.maximumBytes)
            )
            guard rows.count > 0 else {
                guard reader.isBetweenTransactions else {
                    throw LogError.damaged("the transaction \(sequence) has no end")
                }
                return []
            }
            for row in 0..<rows.count {
                guard let number = rows.number(row, 0), let index = rows.number(row, 1), number > 0,
                    let chain = rows.text(row, 2).flatMap({ ChainHash($0) })
                else { throw LogError.damaged("a line behind \(sequence) cannot be read") }
                (sequence, part) = (number, index)
                let record: JournalRecord?
                do {
                    record = try rows.withBytes(row, 3) { bytes in
                        try reader.take(
                            bytes ?? UnsafeRawBufferPointer(start: nil, count: 0),
                            sequence: UInt64(number),
                            part: Int(index),
                            chain: chain
                        )
                    }
                } catch let damage as JournalDamage {
                    throw LogError.damaged("transaction \(number), part \(index): \(damage)")
                }
                if let record { found.append((record, reader.point)) }
            }
        }
        return found
    }
}
