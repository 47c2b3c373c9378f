extension SchemaEvaluation {
    /// Holds an array to its rules.
    mutating func check(_ elements: [JSONValue], _ rules: ArrayRules) -> Bool {
        var isValid = true
        for (index, element) in elements.enumerated() {
            let node = index < rules.prefix.count ? rules.prefix[index] : rules.items
            if let node, !evaluate(node, element, at: .index(index)) { isValid = false }
        }
        if let count = rules.count {
            if elements.count < count.minimum {
                isValid = report("minItems", "must have at least \(count.minimum) elements, not \(elements.count)")
            }
            if elements.count > count.maximum {
                isValid = report("maxItems", "must have at most \(count.maximum) elements, not \(elements.count)")
            }
        }
        if rules.isUnique, !checkUniqueness(of: elements) { isValid = false }
        if let node = rules.contains, let limits = rules.containedCount {
            let count = elements.count { satisfies(node, $0) }
            if count < limits.minimum {
                isValid = report(
                    limits.minimum == 1 ? "contains" : "minContains",
                    "must contain at least \(limits.minimum) elements of a given form, not \(count)"
                )
            }
            if count > limits.maximum {
                isValid = report(
                    "maxContains",
                    "must contain at most \(limits.maximum) elements of a given form, not \(count)"
                )
            }
        }
        return isValid
    }

    private mutating func checkUniqueness(of elements: [JSONValue]) -> Bool {
        var isValid = true
        var indexes: [JSONValue: Int] = [:]
        for (index, element) in elements.enumerated() {
            if let first = indexes[element] {
                isValid = report("uniqueItems", at: .index(index), "is equal to the element at \(first)")
            } else {
                indexes[element] = index
            }
        }
        return isValid
    }

    /// Holds an object to its rules.
    mutating func check(_ object: JSONObject, _ rules: ObjectRules) -> Bool {
        var isValid = true
        var missingCount = rules.required.count
        for member in object {
            let property = rules.properties[Name(text: member.key)]
            if property?.isRequired == true { missingCount -= 1 }
            if !check(member, property?.node, rules) { isValid = false }
        }
        if missingCount > 0 {
            for name in rules.required where object[name] == nil {
                isValid = report("required", at: .key(name), "is required")
            }
        }
        if let count = rules.count {
            if object.count < count.minimum {
                isValid = report("minProperties", "must have at least \(count.minimum) members, not \(object.count)")
            }
            if object.count > count.maximum {
                isValid = report("maxProperties", "must have at most \(count.maximum) members, not \(object.count)")
            }
        }
        return checkDependencies(of: object, rules) && isValid
    }

    private mutating func check(_ member: JSONObject.Member, _ node: Int?, _ rules: ObjectRules) -> Bool {
        var isValid = true
        var isKnown = false
        if let node {
            isKnown = true
            if !evaluate(node, member.value, at: .key(member.key)) { isValid = false }
        }
        for (pattern, node) in rules.patterns where pattern.matches(member.key) {
            isKnown = true
            if !evaluate(node, member.value, at: .key(member.key)) { isValid = false }
        }
        if !isKnown, let additional = rules.additional,
            !checkUnnamed(member, additional, keyword: "additionalProperties", knownNames: rules.knownNames)
        {
            isValid = false
        }
        if let names = rules.names, !satisfies(names, .string(member.key)) {
            isValid = report("propertyNames", at: .key(member.key), "has a name that is not allowed")
        }
        return isValid
    }

    /// Holds a member that the schema does not name to the schema for such members.
    ///
    /// - Parameters:
    ///   - keyword: the keyword that has that schema.
    ///   - knownNames: the names that a mistyped one may have meant.
    mutating func checkUnnamed(
        _ member: JSONObject.Member,
        _ node: Int,
        keyword: String,
        knownNames: [String] = []
    ) -> Bool {
        guard nodes[node].isNever else { return evaluate(node, member.value, at: .key(member.key)) }
        guard reports else { return false }
        let hint = knownNames.nearest(to: member.key).map { " (did you mean \($0.quoted)?)" } ?? ""
        return report(keyword, at: .key(member.key), "unknown field \(member.key.quoted)\(hint)")
    }

    private mutating func checkDependencies(of object: JSONObject, _ rules: ObjectRules) -> Bool {
        var isValid = true
        for dependency in rules.dependentRequired where object[dependency.key] != nil {
            for name in dependency.value where object[name] == nil {
                isValid = report(
                    "dependentRequired",
                    at: .key(name),
                    "is required where there is \(dependency.key.quoted)"
                )
            }
        }
        for dependency in rules.dependentSchemas where object[dependency.name] != nil {
            if !evaluate(dependency.node, .object(object)) { isValid = false }
        }
        return isValid
    }
}
