package import Schema

extension Kind {
    /// Where documents of this kind have secrets, those of a node's BMC among them.
    package var secretPointers: [JSONPointer] {
        Self.secretPointers[self, default: []]
    }

    private static let secretPointers = Dictionary(
        uniqueKeysWithValues: allCases.map { kind in
            (kind, pointers(in: kind.resourceType).map { JSONPointer($0) })
        }
    )

    private static func pointers(in type: any JSONStructure.Type) -> [[String]] {
        type.fields.flatMap { field -> [[String]] in
            if field.isSecret { return [[field.name]] }
            guard let structure = field.type as? any JSONStructure.Type else { return [] }
            return pointers(in: structure).map { [field.name] + $0 }
        }
    }
}
