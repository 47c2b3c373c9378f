import Schema

extension Kind {
    /// The rules that the kind got after documents had been stored without them; see ``StringValue/laterRule`` and
    /// ``ResourceRules/laterRule``.
    package var laterRules: [String] { Self.laterRules[number] }

    private static let laterRules = allCases.map { kind in
        Set(rules(of: kind.resourceType) + [kind.rules?.laterRule].compactMap(\.self)).sorted()
    }

    private static func rules(of type: any JSONRepresentable.Type) -> [String] {
        switch type.shape {
        case .text(let text): [text.laterRule].compactMap(\.self)
        case .structure(let structure): structure.fields.flatMap { rules(of: $0.type) }
        case .list(let element), .distinctList(let element), .map(let element): rules(of: element)
        case .string, .boolean, .integer, .number, .choice, .freeForm: []
        }
    }
}
