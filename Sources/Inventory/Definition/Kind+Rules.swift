import Schema

extension Kind {
    /// The rules that values of the kind's fields got after documents had been stored without them; see
    /// ``StringValue/laterRule``.
    package var laterRules: [String] { Self.laterRules[number] }

    private static let laterRules = allCases.map { Set(rules(of: $0.resourceType)).sorted() }

    private static func rules(of type: any JSONRepresentable.Type) -> [String] {
        switch type.shape {
        case .text(let text): [text.laterRule].compactMap(\.self)
        case .structure(let structure): structure.fields.flatMap { rules(of: $0.type) }
        case .list(let element), .distinctList(let element), .map(let element): rules(of: element)
        case .string, .boolean, .integer, .number, .choice, .freeForm: []
        }
    }
}
