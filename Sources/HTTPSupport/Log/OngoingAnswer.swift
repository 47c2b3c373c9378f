import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// An answer that takes its time, which is written down when it has been sent, or when nobody sends it any more.
final class OngoingAnswer: Sendable {
    private let record: RequestRecord
    /// How many bytes of the body have been sent.
    private let count = Atomic(0)
    private let isFinished = Atomic(false)

    init(_ record: RequestRecord) {
        self.record = record
    }

    deinit {
        write(aborted: true)
    }

    fileprivate func add(_ bytes: Int) {
        count.add(bytes, ordering: .relaxed)
    }

    /// All of it has been sent.
    func finish() {
        write(aborted: false)
    }

    private func write(aborted: Bool) {
        guard !isFinished.exchange(true, ordering: .relaxed) else { return }
        var record = record
        record.length = count.load(ordering: .relaxed)
        record.finish(aborted: aborted)
    }
}

/// Counts what of an answer is sent.
struct CountingWriter: ResponseBodyWriter {
    private var writer: any ResponseBodyWriter
    private let answer: OngoingAnswer

    init(_ writer: any ResponseBodyWriter, _ answer: OngoingAnswer) {
        self.writer = writer
        self.answer = answer
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await writer.write(buffer)
        answer.add(buffer.readableBytes)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await writer.finish(trailingHeaders)
    }
}
