package import Records

/// A line of a transaction as several servers share it: JSON without what is local to a server, `synced` and `crc`, and with
/// its hash beside it.
package struct SharedLine: Sendable, Equatable {
    /// The number of its transaction.
    package var sequence: UInt64
    /// Which line of its transaction it is, from 1.
    package var part: Int
    /// JSON without a newline.
    package var bytes: [UInt8]
    /// The hash after it, as segments have it too.
    package var chain: ChainHash

    package init(sequence: UInt64, part: Int, bytes: [UInt8], chain: ChainHash) {
        self.sequence = sequence
        self.part = part
        self.bytes = bytes
        self.chain = chain
    }
}

/// Puts transactions together from the lines that servers share, each line as it comes.
package struct SharedLineReader {
    /// The last transaction that was whole.
    package private(set) var point: ChainPoint
    /// What there is of the next one: its lines so far, and the hash after them.
    private var parts: [JournalRecord] = []
    private var chain: ChainHash

    package init(after point: ChainPoint) {
        self.point = point
        chain = point.hash
    }

    /// Whether no transaction has begun that is not whole.
    package var isBetweenTransactions: Bool { parts.isEmpty }

    /// Takes the next line.
    ///
    /// - Parameters:
    ///   - sequence: The number of its transaction, as it stands beside it; the part and the hash likewise.
    /// - Returns: The transaction, where it is whole with the line.
    /// - Throws: ``JournalDamage`` where the line is not what follows.
    package mutating func take(
        _ line: UnsafeRawBufferPointer,
        sequence: UInt64,
        part: Int,
        chain expected: ChainHash
    ) throws(JournalDamage) -> JournalRecord? {
        let (head, record) = try JournalLine.sharedRecord(line)
        guard head.sequence == sequence, head.sequence > point.sequence, head.part ?? 1 == part,
            part == parts.count + 1,
            parts.first.map({ $0.sequence == sequence }) ?? true
        else { throw JournalDamage("line \(part) of transaction \(sequence) does not follow \(point.sequence)") }
        let content = UnsafeRawBufferPointer(rebasing: line.dropLast())
        chain = chain.followed(by: content, UnsafeRawBufferPointer(rebasing: content[content.count...]))
        guard chain == expected else {
            throw JournalDamage("the transaction \(sequence) does not go on from the line before")
        }
        parts.append(record)
        guard head.isLast, var whole = parts.first else { return nil }
        whole.changes = parts.flatMap(\.changes)
        parts = []
        point = ChainPoint(sequence: sequence, hash: chain)
        return whole
    }
}
