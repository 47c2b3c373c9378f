package import HTTPSupport
import HTTPTypes
import Hummingbird
package import Records

extension Request {
    /// What the headers `If-Match` and `If-None-Match` want of the resource's version (RFC 9110, section 13.1).
    ///
    /// - Throws: ``Problem`` 400 when one is no list of entity tags.
    package func versionConditions() throws(Problem) -> [VersionCondition] {
        var conditions: [VersionCondition] = []
        // `If-Match: *` wants the resource to be there, which every request that has such a header does.
        if let tags = try entityTags(.ifMatch) {
            conditions.append(.isAny(of: tags.filter { !$0.isWeak }.compactMap(\.version)))
        }
        if let tags = try entityTags(.ifNoneMatch) {
            conditions.append(.isNone(of: tags.compactMap(\.version)))
        } else if headers[.ifNoneMatch] != nil {
            conditions.append(.isAbsent)
        }
        return conditions
    }

    /// The entity tags of a header; nil where it is missing or `*`.
    private func entityTags(_ name: HTTPField.Name) throws(Problem) -> [(version: UInt64?, isWeak: Bool)]? {
        guard let text = headers[name], text.trimmingSpaces != "*" else { return nil }
        var tags: [(version: UInt64?, isWeak: Bool)] = []
        for part in text.split(separator: ",") {
            var tag = part.trimmingSpaces
            let isWeak = tag.hasPrefix("W/")
            if isWeak { tag = tag.dropFirst(2) }
            guard tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\"") else {
                throw Problem(
                    .badRequest,
                    "\(name) is \(text.debugDescription), which is no list of entity tags such as \"7\"."
                )
            }
            tags.append((UInt64(tag.dropFirst().dropLast()), isWeak))
        }
        return tags
    }
}
