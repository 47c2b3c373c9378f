package import Schema

extension Kind {
    /// Where documents of this kind have secrets, those of a node's BMC among them.
    package var secretPointers: [JSONPointer] { secretRoutes.map(\.pointer) }

    /// The ways to secrets, through the fields that lead there.
    fileprivate var secretRoutes: [(pointer: JSONPointer, fields: [JSONField])] {
        Self.secretRoutes[self, default: []]
    }

    private static let secretRoutes = Dictionary(
        uniqueKeysWithValues: allCases.map { kind in
            (kind, routes(in: kind.resourceType).map { (pointer: JSONPointer($0.map(\.name)), fields: $0) })
        }
    )

    private static func routes(in type: any JSONStructure.Type) -> [[JSONField]] {
        type.fields.flatMap { field -> [[JSONField]] in
            if field.isSecret { return [[field]] }
            guard let structure = field.type as? any JSONStructure.Type else { return [] }
            return routes(in: structure).map { [field] + $0 }
        }
    }
}

extension Resource {
    /// Where this resource has an empty string that stands for a secret.
    package var standingSecrets: [JSONPointer] {
        Self.kind.secretRoutes.compactMap { pointer, fields in
            var value: any JSONRepresentable = self
            for field in fields {
                guard let member = value.value(of: field) else { return nil }
                value = member
            }
            return value as? String == "" ? pointer : nil
        }
    }
}

extension JSONRepresentable {
    /// The value of a field of a structure; nil where it is absent.
    package func value(of field: JSONField) -> (any JSONRepresentable)? {
        self[keyPath: field.path as AnyKeyPath] as? any JSONRepresentable
    }
}
