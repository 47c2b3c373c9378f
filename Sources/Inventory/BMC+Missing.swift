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
        fields.enumerated().filter { $1.isRequired && isMissing($0, $1.name) }.map { _, field in
            SchemaViolation(
                pointer: JSONPointer(["bmc", field.name]),
                message: "is required of a BMC that is not stored yet",
                keyword: "required"
            )
        }
    }
}
