package import Schema

extension Kind {
    /// What people call a resource: its location, or else its name.
    package func commonName(of document: JSONValue) -> String? {
        guard case .object(let object) = document else { return nil }
        for key in resourceType.commonNameKeys {
            if case .string(let name)? = object[key] { return name }
        }
        return nil
    }
}
