import HTTPTypes
import Hummingbird
import Schema
import Store

/// An error as clients get it: `application/problem+json`, RFC 9457.
struct Problem: Error, HTTPResponseError {
    var status: HTTPResponse.Status
    /// What went wrong, and what to do about it.
    var detail: String
    /// The places of the request's document that are wrong, and how.
    var errors: [(pointer: String, message: String)] = []
    /// The resource that stands in the way, as kind and id.
    var holder: (kind: String, id: String)?
    /// The oldest moment that can be read, where an older one was asked for.
    var oldest: UInt64?
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
        self.status = status
        self.detail = detail
        self.headers = headers
    }

    /// How many errors are listed at most.
    private static let maximumErrors = 1000

    func response(from request: Request, context: some RequestContext) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        // RFC 9457, section 4.2.1: the status code says it all.
        writer.string("about:blank")
        writer.key("title")
        writer.string(status.reasonPhrase)
        writer.key("status")
        writer.integer(status.code)
        writer.key("detail")
        writer.string(detail)
        if !errors.isEmpty {
            writer.key("errors")
            writer.beginArray()
            for error in errors.prefix(Self.maximumErrors) {
                writer.beginObject()
                writer.key("pointer")
                writer.string(error.pointer)
                writer.key("message")
                writer.string(error.message)
                writer.endObject()
            }
            writer.endArray()
        }
        if let holder {
            writer.key("holder")
            writer.beginObject()
            writer.key("kind")
            writer.string(holder.kind)
            writer.key("id")
            writer.string(holder.id)
            writer.endObject()
        }
        if let oldest {
            writer.key("oldest")
            writer.integer(oldest)
        }
        writer.endObject()
        var headers = headers
        headers[.contentType] = "application/problem+json"
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: writer.bytes)))
    }
}
