import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Schema

extension Request {
    /// Reads the body as JSON.
    ///
    /// - Parameter types: The media types that it may have.
    /// - Throws: ``Problem`` 413 above the limit, 415 for another media type, 400 for what is not JSON.
    func json(_ types: [String] = Self.jsonTypes) async throws -> JSONValue {
        try await jsonBytes(types).withUnsafeReadableBytes { bytes throws(JSONParseError) in
            try JSONValue(parsing: bytes)
        }
    }

    static let jsonTypes = ["application/json", "text/json"]

    /// Reads the body as bytes that should be JSON.
    ///
    /// - Throws: As ``json(_:)``, but for what is not JSON.
    func jsonBytes(_ types: [String] = Self.jsonTypes) async throws -> ByteBuffer {
        guard mediaType.map(types.contains) ?? true else {
            throw Problem(
                .unsupportedMediaType,
                "The body must be \(types[0]); this one says \(headers[.contentType] ?? "")."
            )
        }
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > Problem.maximumBodySize {
            throw Problem.bodyTooLarge
        }
        return try await collectedBody()
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

    /// Reads the body as a merge patch (RFC 7396).
    func mergePatch() async throws -> JSONValue {
        do {
            return try await json(["application/merge-patch+json", "application/json"])
        } catch var problem as Problem where problem.status == .unsupportedMediaType {
            // RFC 5789, section 2.2.
            problem.headers[.acceptPatch] = "application/merge-patch+json, application/json"
            throw problem
        }
    }

    /// The media type of the body, without parameters; nil where the request does not say it.
    var mediaType: String? {
        headers[.contentType].map { type in
            var name = type.utf8.prefix { $0 != UInt8(ascii: ";") }
            while name.last == UInt8(ascii: " ") { name.removeLast() }
            return Substring(name).lowercased()
        }
    }
}

extension InventoryRequestContext {
    /// A parameter of the path, decoded.
    func parameter(_ name: String) throws(Problem) -> String {
        guard let text = parameters.get(name), let decoded = text.percentDecoded else {
            throw Problem(.badRequest, "The path is not percent-encoded UTF-8.")
        }
        return decoded
    }
}
