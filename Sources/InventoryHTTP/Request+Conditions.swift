package import HTTPSupport
import HTTPTypes
import Hummingbird
package import Records

extension Request {
    /// What the headers `If-Match` and `If-None-Match` want of the resource's version (RFC 9110, section 13.1).
    ///
    /// - Throws: ``Problem`` 400 when one is no list of entity tags, 412 when one can never hold.
    package func versionConditions() throws(Problem) -> [VersionCondition] {
        var conditions: [VersionCondition] = []
        switch try entityTags(.ifMatch) {
        case .any: conditions.append(.isPresent)
        case .tags(let tags): conditions.append(.isAny(of: tags.filter { !$0.isWeak }.compactMap(\.version)))
        case nil: break
        }
        switch try entityTags(.ifNoneMatch) {
        case .any: conditions.append(.isAbsent)
        case .tags(let tags): conditions.append(.isNone(of: tags.compactMap(\.version)))
        case nil: break
        }
        return conditions
    }
}

extension EntityTag {
    /// The version that it stands for; nil for what is no tag of a resource.
    fileprivate var version: UInt64? { UInt64(text).flatMap { "\($0)" == text ? $0 : nil } }
}
