package import Foundation
import Inventory
package import Records
package import Schema

/// The file of an audit log, and the older one beside it.
package struct AuditFile: Sendable {
    package let path: URL

    package init(_ path: URL) {
        self.path = path
    }

    /// What the file becomes when it has its size.
    var older: URL { path.appendingPathExtension("1") }

    /// The members of a file's first line.
    static func beginning(after chain: AuditChain) -> JSONObject {
        [
            "at": .string(Timestamp(millisecondOf: Date()).millisecondText), "event": "begin",
            "continues": .string(chain.last),
        ]
    }

    /// How much of a file's end has its last line, in bytes.
    private static let maximumLine = 1 << 17

    /// The end of a file that is there.
    struct End {
        /// The hash of its last line; nil where it has no line.
        var hash: String?
        /// How many bytes its whole lines have.
        var size: Int
        /// How many bytes follow them, of a line that was not written to its end.
        var torn: Int
    }

    /// - Throws: Also for what is no audit log.
    static func end(of path: URL, size: Int) throws(DiskError) -> End {
        let tail = try Disk.read(path, from: max(0, size - maximumLine))
        guard let newline = tail.lastIndex(of: UInt8(ascii: "\n")) else {
            guard tail.count == size else { throw foreign(path) }
            return End(size: 0, torn: size)
        }
        let start = tail[..<newline].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        guard let hash = AuditChain.hash(of: tail[start..<newline]) else { throw foreign(path) }
        let torn = tail.count - newline - 1
        return End(hash: hash, size: size - torn, torn: torn)
    }

    private static func foreign(_ path: URL) -> DiskError {
        DiskError(
            message: "\(path.path) is no audit log: its last line has no hash; move it away, or name another file"
        )
    }

    // MARK: Reading

    /// Where a file is not as it was written.
    package struct Fault: Sendable, CustomStringConvertible {
        let path: URL
        let line: Int

        package var description: String {
            "\(path.path), line \(line): it does not go on from the line before, or was changed"
        }
    }

    /// Reads both files, the older one first.
    ///
    /// - Parameter visit: Gets each event with its line.
    /// - Returns: Where lines were changed, added or taken out. What follows is read all the same.
    package func read(_ visit: (AuditEvent, JSONObject) -> Void) throws(DiskError) -> [Fault] {
        var faults: [Fault] = []
        var chain: AuditChain?
        for path in [older, path] where FileManager.default.fileExists(atPath: path.path) {
            let bytes = try Disk.read(path)
            bytes.withUnsafeBytes { bytes in
                var lines = LineIterator(bytes)
                while let line = lines.next() {
                    // The server is writing it.
                    guard line.isComplete else { break }
                    let text = line.bytes(in: bytes)
                    var own = chain ?? AuditChain()
                    let goesOn = chain == nil ? own.begin(text) : own.take(text)
                    if goesOn == nil { faults.append(Fault(path: path, line: line.number)) }
                    // From a line that is not good the chain goes on all the same, so that one fault is told once.
                    chain = goesOn == nil ? AuditChain.hash(of: text).map(AuditChain.init(after:)) : own
                    if let members = goesOn ?? AuditChain.members(of: text), let event = AuditEvent(members) {
                        visit(event, members)
                    }
                }
            }
        }
        return faults
    }
}
