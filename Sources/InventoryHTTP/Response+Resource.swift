import HTTPSupport
package import HTTPTypes
package import Hummingbird
package import Records

extension Response {
    /// Says as of which transaction the answer is.
    package mutating func isAsOf(_ sequence: UInt64) { headers[.inventorySequence] = String(sequence) }

    /// One resource with its version.
    package static func resource(_ stored: StoredResource, status: HTTPResponse.Status = .ok) -> Response {
        var response = json(stored.document, status: status)
        response.headers[.eTag] = stored.entityTag
        return response
    }
}

extension StoredResource {
    /// The version as an entity tag.
    package var entityTag: String { "\"\(version)\"" }
}
