/// The elements or members of one value that schemas say something about.
private struct EvaluatedParts {
    var names: Set<Name> = []
    var indexes: Set<Int> = []
    var isComplete = false

    mutating func formUnion(_ other: EvaluatedParts) {
        names.formUnion(other.names)
        indexes.formUnion(other.indexes)
        isComplete = isComplete || other.isComplete
    }
}

extension SchemaEvaluation {
    /// Holds what is left of a value, once all other keywords of a node have been applied, to the node's rules for it.
    mutating func check(_ value: JSONValue, _ rules: UnevaluatedRules, _ position: Int) -> Bool {
        var isValid = true
        switch value {
        case .array(let elements):
            guard let node = rules.items else { return true }
            let parts = evaluatedParts(of: value, by: position)
            for (index, element) in elements.enumerated()
            where !parts.isComplete && !parts.indexes.contains(index) {
                if !evaluate(node, element, at: .index(index)) { isValid = false }
            }
        case .object(let object):
            guard let node = rules.properties else { return true }
            let parts = evaluatedParts(of: value, by: position)
            for member in object where !parts.isComplete && !parts.names.contains(Name(text: member.key)) {
                if !checkUnnamed(member, node, keyword: "unevaluatedProperties") { isValid = false }
            }
        default: break
        }
        return isValid
    }

    /// What the keywords of a node other than the unevaluated ones apply to, and the schemas that it applies in place.
    private mutating func evaluatedParts(of value: JSONValue, by position: Int) -> EvaluatedParts {
        let node = nodes[position]
        var parts = EvaluatedParts()
        if case .array(let elements) = value, let rules = node.array {
            parts.isComplete = rules.items != nil
            parts.indexes = Set(elements.indices.prefix(rules.prefix.count))
            if let contains = rules.contains {
                for (index, element) in elements.enumerated() where satisfies(contains, element) {
                    parts.indexes.insert(index)
                }
            }
        }
        if case .object(let object) = value, let rules = node.object {
            parts.isComplete = rules.additional != nil
            for member in object {
                let name = Name(text: member.key)
                if rules.properties[name]?.node != nil
                    || rules.patterns.contains(where: { $0.pattern.matches(name.text) })
                {
                    parts.names.insert(name)
                }
            }
        }
        for inner in appliedSchemas(of: node, to: value) {
            parts.formUnion(evaluatedParts(of: value, by: inner))
            let rules = nodes[inner].unevaluated
            if (value.type == .array ? rules?.items : rules?.properties) != nil { parts.isComplete = true }
        }
        return parts
    }

    /// The schemas that a node applies to the same value and that hold for it.
    private mutating func appliedSchemas(of node: SchemaNode, to value: JSONValue) -> [Int] {
        var applied: [Int] = []
        if let rules = node.combination {
            applied = rules.allOf + rules.anyOf + rules.oneOf
            if let reference = rules.reference { applied.append(reference) }
            if let condition = rules.condition {
                let branch = satisfies(condition, value) ? rules.then : rules.otherwise
                applied += [condition, branch].compactMap(\.self)
            }
        }
        if case .object(let object) = value {
            applied += node.object?.dependentSchemas.filter { object[$0.name] != nil }.map(\.node) ?? []
        }
        return applied.filter { satisfies($0, value) }
    }
}
