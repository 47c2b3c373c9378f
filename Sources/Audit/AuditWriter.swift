import Foundation
import Logging
import Metrics
import Records
import Scheduling
import Schema

/// Writes the file of an audit log, on a thread of its own.
actor AuditWriter {
    /// The line was not written; the log of the server has why.
    struct Unwritten: Error {}

    private let file: AuditFile
    private let maximumSize: Int
    private let disk: Disk
    private let logger: Logger
    private var open: DiskFile
    private var chain: AuditChain
    /// Of the file's whole lines, in bytes.
    private var size: Int
    /// What of them the first line has, where the file was begun by this server.
    private var begun = 0
    /// Lines that could not be written since one was.
    private var lost = 0
    /// Why the last line was not written, as the server's log has it; nil where it was.
    private var problem: String?
    /// Whether the file may have the beginning of a line, or is not there any more.
    private var isFailing = false
    nonisolated let losses = Counter(label: "audit_lines_lost_total")
    private nonisolated let executor = ThreadExecutor(label: "audit")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ file: AuditFile, maximumSize: Int, disk: Disk, logger: Logger) throws(DiskError) {
        self.file = file
        self.maximumSize = maximumSize
        self.disk = disk
        self.logger = logger
        (open, chain, size) = try Self.opened(file, disk, after: nil, logger)
    }

    /// Opens the file, or begins one.
    ///
    /// - Parameter last: What a new one goes on from; nil for the end of the older one, if there is one.
    private static func opened(
        _ file: AuditFile,
        _ disk: Disk,
        after last: AuditChain?,
        _ logger: Logger
    ) throws(DiskError) -> (DiskFile, AuditChain, Int) {
        let (path, older) = (file.path, file.older)
        if let size = try Disk.size(of: path), size > 0 {
            let end = try AuditFile.end(of: path, size: size)
            let open = try disk.openFile(path)
            try open.truncate(to: end.size)
            if end.torn > 0 {
                logger.warning(
                    "the audit log ended with a line that was not written to its end; it was cut off",
                    metadata: ["file": "\(path.path)", "bytes": .stringConvertible(end.torn)]
                )
            }
            if let hash = end.hash { return (open, AuditChain(after: hash), end.size) }
            return try begun(open, after: last ?? AuditChain())
        }
        var before = last
        if before == nil, let size = try Disk.size(of: older), size > 0 {
            before = try AuditFile.end(of: older, size: size).hash.map(AuditChain.init(after:))
        }
        try disk.createFolder(path.deletingLastPathComponent())
        let isThere = try Disk.size(of: path) != nil
        return try begun(isThere ? disk.openFile(path) : disk.newFile(path), after: before ?? AuditChain())
    }

    private static func begun(_ open: DiskFile, after chain: AuditChain) throws(DiskError) -> (
        DiskFile, AuditChain, Int
    ) {
        var chain = chain
        let line = chain.line(AuditFile.beginning(after: chain))
        try open.write(line)
        try open.sync()
        return (open, chain, line.count)
    }

    /// Appends lines.
    ///
    /// - Parameters:
    ///   - expendable: How many of them are lost where they cannot be written, since nobody waits for them.
    ///   - sync: Whether they have to be on stable storage.
    /// - Throws: ``Unwritten``; none of them is in the file then.
    func write(_ lines: [JSONObject], expendable: Int, sync: Bool) throws(Unwritten) {
        do {
            try repair()
            var chain = chain
            var bytes: [UInt8] = []
            for (index, members) in lines.enumerated() {
                var members = members
                if index == 0, lost > 0 { members["lost"] = .number(JSONNumber(lost)) }
                bytes += chain.line(members)
            }
            if size + bytes.count > maximumSize, size > begun {
                try turn()
                // They go on from the first line of the new file.
                return try write(lines, expendable: expendable, sync: sync)
            }
            isFailing = true
            try open.write(bytes)
            if sync { try open.sync() }
            isFailing = false
            self.chain = chain
            size += bytes.count
            if problem != nil {
                logger.notice("the audit log is written again", metadata: ["lost": .stringConvertible(lost)])
            }
            (lost, problem) = (0, nil)
        } catch let error as DiskError {
            if problem != "\(error)" {
                logger.error("the audit log cannot be written", metadata: ["reason": "\(error)"])
            }
            problem = "\(error)"
            lost += expendable
            losses.increment(by: expendable)
            throw Unwritten()
        } catch {
            throw Unwritten()
        }
    }

    /// Takes away what a write has left that failed.
    private func repair() throws(DiskError) {
        guard isFailing else { return }
        try open.truncate(to: size)
        isFailing = false
    }

    /// Has the file be the older one, and begins another.
    private func turn() throws(DiskError) {
        try open.sync()
        try disk.move(file.path, to: file.older)
        (open, chain, size) = try Self.opened(file, disk, after: chain, logger)
        begun = size
    }

    /// Begins a new file where somebody has renamed the one that is open.
    func reopen() {
        do throws(DiskError) {
            try open.check(file.path)
        } catch {
            do throws(DiskError) {
                (open, chain, size) = try Self.opened(file, disk, after: chain, logger)
            } catch {
                logger.error(
                    "the audit log cannot be opened again; the old file is written on",
                    metadata: ["reason": "\(error)"]
                )
            }
        }
    }

    /// Returns once all that was written is on stable storage.
    func sync() throws(DiskError) { try open.sync() }
}
