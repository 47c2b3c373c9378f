package import Schema

extension BMC {
    /// This BMC with the fields that another one has, but its own id.
    package func overwritten(by other: BMC) -> BMC {
        var merged = jsonObject
        for member in other.jsonObject.members where member.key != Self.kind.identifierKey {
            merged[member.key] = member.value
        }
        return .decoded(from: .object(merged))
    }

    /// What a new BMC that came with a node lacks, by pointers from the node.
    package var missingFields: [SchemaViolation] {
        Self.missing { value(of: $0) == nil }
    }

    /// As ``missingFields``, for a document that may break its schema elsewhere.
    package static func missingFields(in bmc: JSONObject) -> [SchemaViolation] {
        missing { bmc[$0.name] == nil }
    }

    private static func missing(_ isMissing: (JSONField) -> Bool) -> [SchemaViolation] {
        fields.filter { $0.isRequired && isMissing($0) }.map { field in
            SchemaViolation(
                pointer: JSONPointer(["bmc", field.name]),
                message: "is required of a BMC that is not stored yet",
                keyword: "required"
            )
        }
    }
}
