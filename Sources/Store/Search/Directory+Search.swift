import Foundation
import Inventory
import Records

extension Directory {
    /// The resource that has the unique key that a search asks for; nil when it asks for anything else, and where several have one.
    func resources(withUniqueKeyOf search: Search) -> ResourceList? {
        guard let (key, fields, value) = search.uniqueKey, !hasClaims(search.kind) else { return nil }
        let id = key.map { holder(search.kind, of: $0) } ?? UUID(spelling: value)
        guard let id, let stored = resource(search.kind, id: id) else { return ResourceList([]) }
        // The key may be that of another field.
        let isFound = fields.contains { field in
            let spellings = field.storedSpellings(of: value)
            return field.values(in: stored.json).contains(where: spellings.contains)
        }
        return ResourceList(isFound ? [(id, stored)] : [])
    }
}
