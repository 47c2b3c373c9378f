import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Schema

extension Request {
    /// Reads the body as JSON.
    ///
    /// - Throws: ``Problem`` 413 above the limit, 415 for another media type, 400 for what is not JSON.
    func json() async throws -> JSONValue {
        guard isJSON else {
            throw Problem(
                .unsupportedMediaType,
                "The body must be application/json; this one says \(headers[.contentType] ?? "")."
            )
        }
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > Problem.maximumBodySize {
            throw Problem.bodyTooLarge
        }
        let body = try await collectedBody()
        return try body.withUnsafeReadableBytes { bytes throws(JSONParseError) in try JSONValue(parsing: bytes) }
    }

    private func collectedBody() async throws -> ByteBuffer {
        do {
            return try await body.collect(upTo: Problem.maximumBodySize)
        } catch is NIOTooManyBytesError {
            throw Problem.bodyTooLarge
        } catch {
            throw Problem(.badRequest, "The body ended before it was complete.")
        }
    }

    /// Whether the body is JSON as far as the request says; one that says nothing is taken to be.
    private var isJSON: Bool {
        guard let type = headers[.contentType] else { return true }
        let name = type.prefix { $0 != ";" }.lowercased().trimmingSuffix { $0 == " " }
        return name == "application/json" || name == "text/json"
    }
}

extension InventoryRequestContext {
    /// A parameter of the path, decoded.
    func parameter(_ name: String) throws(Problem) -> String {
        guard let text = parameters.get(name), let decoded = text.removingPercentEncoding else {
            throw Problem(.badRequest, "The path is not percent-encoded UTF-8.")
        }
        return decoded
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var text = self[...]
        while let last = text.last, predicate(last) { text.removeLast() }
        return text
    }
}
