package import HTTPSupport
import Hummingbird
import NIOCore
package import Records
import Schema

extension Request {
    /// Reads the body as a merge patch (RFC 7396) and goes on with it, as ``withBody(_:_:atMost:_:then:)`` does.
    package func withMergePatch<Result>(
        _ context: RouteContext,
        then use: (MergePatch) async throws -> Result
    ) async throws -> Result {
        do {
            return try await withBody(context, ["application/merge-patch+json", "application/json"]) { bytes in
                MergePatch(try JSONValue(parsing: bytes.readableBytesView), size: bytes.readableBytes)
            } then: {
                try await use($0)
            }
        } catch var problem as Problem
            where problem.status == .unsupportedMediaType && problem.headers[.acceptEncoding] == nil
        {
            // RFC 5789, section 2.2.
            problem.headers[.acceptPatch] = "application/merge-patch+json, application/json"
            throw problem
        }
    }
}
