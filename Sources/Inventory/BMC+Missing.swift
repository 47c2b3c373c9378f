package import Schema

extension BMC {
    /// What a new BMC that came with a node lacks, by pointers from the node.
    ///
    /// - Parameter bmc: The BMC, which may break its schema elsewhere.
    package static func missingFields(in bmc: JSONObject) -> [SchemaViolation] {
        missing { _, name in bmc[name] == nil }
    }

    /// - Parameter isMissing: Tells by a field's number and name whether it is absent.
    static func missing(_ isMissing: (Int, String) -> Bool) -> [SchemaViolation] {
        required.filter(isMissing).map { _, name in
            SchemaViolation(
                pointer: JSONPointer(["bmc", name]),
                message: "is required of a BMC that is not stored yet",
                keyword: "required"
            )
        }
    }

    /// The required fields, by their numbers and names.
    private static let required = fields.enumerated().filter(\.element.isRequired).map { ($0.offset, $0.element.name) }
}
