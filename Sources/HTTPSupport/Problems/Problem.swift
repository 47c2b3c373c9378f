package import HTTPTypes
package import Hummingbird
package import Schema

/// An error as clients get it: `application/problem+json`, RFC 9457.
package struct Problem: Error, HTTPResponseError {
    package var status: HTTPResponse.Status
    /// What tells the problem from others with its status; nil where the status says it all.
    package var kind: Kind?
    /// What went wrong, and what to do about it.
    package var detail: String
    /// The places of the request's document that are wrong, and how.
    package var errors: [(pointer: String, message: String)] = []
    /// The resource that stands in the way, as kind and id.
    package var holder: (kind: String, id: String)?
    /// The oldest moment that can be read, where an older one was asked for.
    package var oldest: UInt64?
    /// Where in a text of the request the error is, in characters from 1.
    package var position: Int?
    package var headers: HTTPFields = [:]

    package init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
        self.status = status
        self.detail = detail
        self.headers = headers
    }

    /// A kind of problem that clients treat otherwise than its status says.
    package struct Kind: Sendable {
        /// A URI, which leads nowhere (RFC 9457, section 3.1.1).
        let type: String
        let title: String

        /// The request may have been done; to send it again may do it twice.
        package static let mayHaveBeenDone = Kind(
            type: "urn:problem-type:may-have-been-done",
            title: "May have been done"
        )
    }

    static let contentType = "application/problem+json"

    /// How many errors are listed at most.
    package static let maximumErrors = 1000

    package func response(from request: Request, context: some RequestContext) -> Response {
        var headers = headers
        headers[.contentType] = Self.contentType
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// The problem document.
    var bytes: [UInt8] { JSONValue.object(json).bytes }

    /// The members of the problem document.
    package var json: JSONObject {
        // RFC 9457, section 4.2.1: with about:blank the status code says it all.
        var members: JSONObject = [
            "type": .string(kind?.type ?? "about:blank"), "title": .string(kind?.title ?? status.reasonPhrase),
            "status": .number(JSONNumber(status.code)), "detail": .string(detail),
        ]
        if !errors.isEmpty {
            members["errors"] = .array(
                errors.prefix(Self.maximumErrors).map { error in
                    ["pointer": .string(error.pointer), "message": .string(error.message)]
                }
            )
        }
        if let holder { members["holder"] = ["kind": .string(holder.kind), "id": .string(holder.id)] }
        if let position { members["position"] = .number(JSONNumber(position)) }
        if let oldest { members["oldest"] = .number(JSONNumber(Int(oldest))) }
        return members
    }

    package static let retrySoon: HTTPFields = [.retryAfter: "1"]
}
