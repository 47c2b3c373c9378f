package import HTTPTypes
package import Hummingbird

extension Request {
    /// The entity tags of `If-Match` or `If-None-Match`; nil where the request has no such header.
    ///
    /// - Throws: ``Problem`` 400 when it is no list of entity tags, and 412 for an `If-Match` with nothing but weak ones, which
    ///   can never match.
    package func entityTags(_ name: HTTPField.Name) throws(Problem) -> EntityTags? {
        guard let text = headers[name] else { return nil }
        guard let tags = EntityTags(text) else {
            throw Problem(
                .badRequest,
                "\(name) is \(text.debugDescription), which is not a list of entity tags such as \"7\"."
            )
        }
        if name == .ifMatch, case .tags(let all) = tags, all.allSatisfy(\.isWeak) {
            throw Problem(.preconditionFailed, "If-Match is \(text), and \(Self.weakTagAdvice)")
        }
        return tags
    }

    private static let weakTagAdvice =
        "weak tags match nothing there (RFC 9110, section 13.1.1). Send the ETag without W/; a proxy that compresses answers may "
        + "have put that before it."

    /// What a refusal says for which no tag of `If-Match` is the right one, and some are weak; empty where none is.
    package var weakTagHint: String {
        guard let text = headers[.ifMatch], case .tags(let tags) = EntityTags(text), tags.contains(where: \.isWeak)
        else {
            return ""
        }
        return " If-Match is \(text), and \(Self.weakTagAdvice)"
    }
}
