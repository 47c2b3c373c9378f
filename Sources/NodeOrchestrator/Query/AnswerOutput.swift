import ArgumentParser
import Foundation
import Query
import Records

/// Writes an answer to standard output, or to a file.
struct AnswerOutput {
    private let format: AnswerFormat
    private let file: URL?

    /// - Parameters:
    ///   - format: Nil for the one that the file's ending names, or that suits standard output.
    ///   - file: Nil or - for standard output.
    init(_ format: AnswerFormat?, file: String? = nil) throws {
        let file = file == "-" ? nil : file
        let isTerminal = file == nil && isatty(STDOUT_FILENO) == 1
        self.format = format ?? file.flatMap(AnswerFormat.init(file:)) ?? (isTerminal ? .table : .csv)
        self.file = file.map { URL(filePath: $0) }
        guard !isTerminal || self.format != .parquet else {
            throw CommandError("Parquet cannot be shown on a terminal; give a file with --output")
        }
    }

    /// What the answer is to come as.
    var queryFormat: QueryFormat { format.queryFormat }

    /// Has a statement carried out and writes the answer.
    func write(_ request: QueryRequest, _ target: QueryTarget) async throws {
        guard let file else { return try await write(request, target, to: .standardOutput) }
        // Of the file that a link leads to.
        let path = file.resolvingSymlinksInPath()
        guard try Self.isFile(file) else {
            let handle = try Self.open(file)
            return try await write(request, target, to: handle)
        }
        let partial = path.deletingLastPathComponent()
            .appending(path: ".\(path.lastPathComponent).\(UUID().uuidString.prefix(8))")
        guard FileManager.default.createFile(atPath: partial.path, contents: nil) else { throw Self.failure(path) }
        do {
            let handle = try Self.open(partial)
            try await write(request, target, to: handle)
            try handle.close()
            guard rename(partial.path, path.path) == 0 else { throw Self.failure(path) }
        } catch {
            unlink(partial.path)
            throw error
        }
    }

    /// Whether a path has a file, or nothing yet, and no device or pipe.
    private static func isFile(_ path: URL) throws -> Bool {
        do {
            // Of what a link leads to, which need not be there yet.
            let type = try FileManager.default.attributesOfItem(atPath: path.resolvingSymlinksInPath().path)[.type]
            guard type as? FileAttributeType != .typeDirectory else { throw CommandError("\(path.path) is a folder") }
            return type as? FileAttributeType == .typeRegular
        } catch CocoaError.fileReadNoSuchFile {
            return !path.path.hasPrefix("/dev/")
        }
    }

    private static func open(_ path: URL) throws -> FileHandle {
        guard let handle = FileHandle(forWritingAtPath: path.path) else { throw failure(path) }
        return handle
    }

    private static func failure(_ path: URL) -> CommandError {
        CommandError("cannot write \(path.path): \(String(cString: strerror(errno)))")
    }

    private func write(_ request: QueryRequest, _ target: QueryTarget, to handle: FileHandle) async throws {
        guard format == .table else { return try await target.answer(request) { try Self.write($0, to: handle) } }
        var table = AnswerTable()
        try await target.answer(request) { piece in try Self.write(table.add(piece), to: handle) }
        try Self.write(table.end(), to: handle)
    }

    private static func write(_ lines: [String], to handle: FileHandle) throws {
        guard !lines.isEmpty else { return }
        try write(Array((lines.joined(separator: "\n") + "\n").utf8), to: handle)
    }

    private static func write(_ bytes: [UInt8], to handle: FileHandle) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(handle.fileDescriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Whoever reads has had enough.
            if count < 0, errno == EPIPE { throw ExitCode(128 + SIGPIPE) }
            guard count >= 0 else { throw CommandError("cannot write the answer: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }
}
