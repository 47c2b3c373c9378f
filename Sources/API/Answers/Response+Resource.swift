import HTTPSupport
import HTTPTypes
import Hummingbird
import Records

extension Response {
    /// One resource with its version.
    static func resource(_ stored: StoredResource, status: HTTPResponse.Status = .ok) -> Response {
        var response = json(stored.document, status: status)
        response.headers[.eTag] = stored.entityTag
        return response
    }
}

extension StoredResource {
    /// The version as an entity tag.
    var entityTag: String { "\"\(version)\"" }
}
