package import Hummingbird
package import NIOCore
import NIOHTTP1

/// What a body says, in pieces, whatever coding it comes in.
package struct BodyContent: AsyncSequence, Sendable {
    private let body: RequestBody
    private let coding: ContentCoding
    private let limit: Int

    /// - Parameter limit: How many bytes may come, whatever they stand for.
    package init(_ body: RequestBody, _ coding: ContentCoding, atMost limit: Int = .max) {
        self.body = body
        self.coding = coding
        self.limit = limit
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pieces: body.makeAsyncIterator(), inflater: coding == .gzip ? Inflater() : nil, limit: limit)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var pieces: RequestBody.AsyncIterator
        fileprivate let inflater: Inflater?
        fileprivate let limit: Int
        /// How many bytes have come.
        private var count = 0

        fileprivate init(pieces: RequestBody.AsyncIterator, inflater: Inflater?, limit: Int) {
            self.pieces = pieces
            self.inflater = inflater
            self.limit = limit
        }

        /// - Throws: ``Problem`` 400 where the body is not what it says, or ends before it is complete; 413 where more comes than
        ///   may.
        package mutating func next() async throws(Problem) -> ByteBuffer? {
            guard let inflater else { return try await piece() }
            do throws(InflateError) {
                if let next = try inflater.next() {
                    // The rest of what came, which may stand for much: others come first.
                    await Task.yield()
                    return next
                }
            } catch {
                throw Self.malformed(error)
            }
            while let piece = try await piece() {
                inflater.append(piece)
                do throws(InflateError) {
                    if let next = try inflater.next() { return next }
                } catch {
                    throw Self.malformed(error)
                }
            }
            do throws(InflateError) {
                try inflater.finish()
                return nil
            } catch {
                throw Self.malformed(error)
            }
        }

        private static func malformed(_ error: InflateError) -> Problem {
            Problem(.badRequest, "The body is not gzip, though its Content-Encoding says so: \(error.reason).")
        }

        private mutating func piece() async throws(Problem) -> ByteBuffer? {
            do {
                guard let piece = try await pieces.next() else { return nil }
                count += piece.readableBytes
                guard count <= limit else { throw Problem.bodyTooLarge(limit) }
                return piece
            } catch let problem as Problem {
                throw problem
            } catch let error as HTTPParserError {
                throw Problem(body: error)
            } catch {
                throw Problem(.badRequest, "The body ended before it was complete.")
            }
        }
    }
}
