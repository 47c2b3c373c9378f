import AsyncAlgorithms
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import Inventory
import InventoryHTTP
import NIOCore
import Records
import Scheduling
import Schema
import Store

/// Creates resources from a stream, one JSON document a line: `POST /{Kind}` with `application/x-ndjson`.
///
/// Lines are read, checked, committed and answered in groups while the stream goes on. While some groups are committed
/// the next are read, and no more than so many: a client that sends faster has to wait.
struct LineRoutes {
    let store: InventoryStore

    static let mediaTypes = ["application/x-ndjson", "application/ndjson", "application/jsonl"]

    /// The longest line, in bytes.
    private static let maximumLineSize = 8 << 20
    /// How many lines, and of how many bytes at about, make a group.
    private static let maximumGroup = 320
    private static let maximumGroupSize = 256 << 10

    /// How many groups that are being committed may wait to be answered: enough to keep the committer busy while others
    /// are read and answered, and to spare the disk a sync for each.
    private static let maximumWaiting = 10

    /// What a stream counts for among the bodies that are being read, in bytes: what it has under way, unless its lines
    /// are long.
    private static let memory = 4 << 20

    /// Lines that are being committed.
    private struct Group: Sendable {
        var lines: [Line]
        var submitted: SubmittedTransactions
    }

    /// A line with what it came to.
    private struct Line: Sendable {
        /// From 1.
        var number: Int
        var operation: Transaction.Operation
        /// Why it could not even be read.
        var problem: Problem?
    }

    func create(_ kind: Kind, _ request: Request, _ context: RouteContext) async throws -> Response {
        let existing = try ExistingResources(context)
        guard context.repeatable == nil else {
            throw Problem(
                .badRequest,
                "A stream of lines cannot have an Idempotency-Key, since each line is done by itself; send it again with "
                    + "existing=skip, patch or replace instead."
            )
        }
        let content = BodyContent(request.body, try request.contentCoding())
        let room = try await context.traffic.bodies.room(for: Self.memory, of: context.caller)
        context.askForBody(of: request)
        let groups = AsyncThrowingChannel<Group, any Error>()
        return Response(
            status: .ok,
            headers: [.contentType: Self.mediaTypes[0]],
            body: ResponseBody { writer in
                defer { withExtendedLifetime(room) {} }
                let caller = context.writer
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask { await read(kind, content, existing.action, for: caller, into: groups) }
                    var counts: [Outcome.Change: Int] = [:]
                    var failed = 0
                    for try await group in groups.buffer(policy: .bounded(Self.maximumWaiting)) {
                        var buffer = ByteBuffer()
                        var answer = JSONWriter()
                        for (line, result) in zip(group.lines, await store.results(of: group.submitted)) {
                            if case .success(let receipt) = result {
                                counts[receipt.outcomes[0].change, default: 0] += 1
                            } else {
                                failed += 1
                            }
                            answer.removeAll()
                            Self.write(result, of: line, existing, to: &answer, context)
                            buffer.writeBytes(answer.bytes)
                            buffer.writeString("\n")
                        }
                        try await writer.write(buffer)
                    }
                    var summary: JSONObject = [:]
                    for change in existing.isTold ? [Outcome.Change.created, .changed, .same] : [.created] {
                        summary[change.rawValue] = .number(JSONNumber(counts[change] ?? 0))
                    }
                    summary["failed"] = .number(JSONNumber(failed))
                    try await writer.write(ByteBuffer(bytes: JSONValue.object(summary).bytes + [UInt8(ascii: "\n")]))
                    try await writer.finish(nil)
                }
            }
        )
    }

    private static func write(
        _ result: Result<Receipt, any Error>,
        of line: Line,
        _ existing: ExistingResources,
        to writer: inout JSONWriter,
        _ context: RouteContext
    ) {
        writer.beginObject()
        writer.key("line")
        writer.integer(line.number)
        switch result {
        case .success(let receipt):
            let outcome = receipt.outcomes[0]
            let status: HTTPResponse.Status = outcome.change == .created ? .created : .ok
            writer.key("status")
            writer.integer(status.code)
            if existing.isTold {
                writer.key("outcome")
                writer.string(outcome.change.rawValue)
            }
            writer.key("id")
            outcome.resource.id.write(to: &writer)
            writer.key("version")
            writer.integer(outcome.stored?.version ?? receipt.sequence)
        case .failure(let error):
            let problem = line.problem ?? Problem(error, logger: context.logger)
            for member in problem.json where !["type", "title"].contains(member.key) {
                writer.key(member.key)
                writer.value(member.value)
            }
        }
        writer.endObject()
    }

    // MARK: Reading

    /// Reads the lines of a body and passes them on in groups, until it ends or the client is gone.
    private func read(
        _ kind: Kind,
        _ content: BodyContent,
        _ existing: Transaction.ExistingResource,
        for caller: Caller,
        into groups: AsyncThrowingChannel<Group, any Error>
    ) async {
        var lines = LineSplitter(maximumSize: Self.maximumLineSize)
        do {
            for try await buffer in content {
                lines.append(buffer)
                try await send(kind, &lines, existing, for: caller, into: groups)
            }
            lines.end()
            try await send(kind, &lines, existing, for: caller, into: groups)
            groups.finish()
        } catch let problem as Problem {
            // The line that could not be read on is told like others that are wrong.
            let line = Self.line(lines.count + 1, problem)
            await groups.send(
                Group(
                    lines: [line],
                    submitted: store.submit([
                        Transaction(author: caller.subject, origin: caller.origin, [line.operation])
                    ])
                )
            )
            groups.finish()
        } catch {
            groups.fail(error)
        }
    }

    private func send(
        _ kind: Kind,
        _ lines: inout LineSplitter,
        _ existing: Transaction.ExistingResource,
        for caller: Caller,
        into groups: AsyncThrowingChannel<Group, any Error>
    ) async throws {
        var group: [Line] = []
        var size = 0
        func submit() async {
            guard !group.isEmpty else { return }
            // In the order of the lines, before the next are read.
            let submitted = store.submit(
                group.map { Transaction(author: caller.subject, origin: caller.origin, [$0.operation]) }
            )
            await groups.send(Group(lines: group, submitted: submitted))
            (group, size) = ([], 0)
        }
        while let (number, line) = lines.next() {
            group.append(read(kind, number, line, existing))
            size += line?.count ?? 0
            if group.count == Self.maximumGroup || size >= Self.maximumGroupSize { await submit() }
            try Task.checkCancellation()
        }
        await submit()
    }

    /// - Parameter text: The line; nil for one that is too long.
    private func read(
        _ kind: Kind,
        _ number: Int,
        _ text: ArraySlice<UInt8>?,
        _ existing: Transaction.ExistingResource
    ) -> Line {
        do {
            guard let text else {
                throw Problem(.contentTooLarge, "The line is longer than \(Self.maximumLineSize >> 20) MiB.")
            }
            let submission = try store.intake.submission(of: text, kind, existing: existing)
            return Line(number: number, operation: .create(submission, existing: existing))
        } catch let refusal as Refusal {
            return Line(number: number, operation: Transaction.Operation(.refuse(refusal)))
        } catch {
            return Self.line(number, error as? Problem ?? Problem(.badRequest, "The line is not JSON: \(error)."))
        }
    }

    /// A line that could not even be read.
    private static func line(_ number: Int, _ problem: Problem) -> Line {
        let refusal = Refusal(.invalid, problem.detail)
        return Line(number: number, operation: Transaction.Operation(.refuse(refusal)), problem: problem)
    }
}

/// Takes lines out of bytes that come in pieces.
private struct LineSplitter {
    private let maximumSize: Int
    private var bytes: [UInt8] = []
    /// Where the next line begins, and how far it is known to have no end.
    private var start = 0
    private var searched = 0
    /// How many lines have ended.
    private(set) var count = 0
    /// Whether the line that is being read is too long, so that what comes of it is dropped.
    private var isDropping = false
    private var isAtEnd = false

    init(maximumSize: Int) {
        self.maximumSize = maximumSize
    }

    mutating func append(_ buffer: ByteBuffer) {
        bytes.removeFirst(start)
        searched -= start
        start = 0
        bytes.append(contentsOf: buffer.readableBytesView)
    }

    /// Says that no more bytes come: what is left is the last line.
    mutating func end() {
        isAtEnd = true
    }

    /// The next line that is not blank, with its number from 1; no text for one that is too long.
    mutating func next() -> (number: Int, text: ArraySlice<UInt8>?)? {
        while true {
            let newline: Int? = bytes.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress,
                    let newline = memchr(base + searched, CInt(UInt8(ascii: "\n")), bytes.count - searched)
                else { return nil }
                return base.distance(to: UnsafeRawPointer(newline))
            }
            guard let end = newline ?? (isAtEnd && (start < bytes.count || isDropping) ? bytes.count : nil) else {
                if bytes.count - start > maximumSize || isDropping {
                    isDropping = true
                    start = bytes.count
                }
                searched = bytes.count
                return nil
            }
            count += 1
            let line = bytes[start..<end]
            let wasDropping = isDropping
            isDropping = false
            start = min(end + 1, bytes.count)
            searched = start
            if wasDropping || line.count > maximumSize { return (count, nil) }
            if line.contains(where: { ![UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")].contains($0) }) {
                return (count, line)
            }
        }
    }
}
