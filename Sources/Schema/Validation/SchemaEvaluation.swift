/// One value being held to a schema.
struct SchemaEvaluation {
    let nodes: [SchemaNode]
    private let limit: Int
    private let isTolerated: ((SchemaViolation) -> Bool)?
    private(set) var violations: [SchemaViolation] = []
    private var path: [Step] = []
    /// Whether violations count, but are not reported.
    private(set) var isSilent = false
    private var isSecret = false

    /// One step from the root to the current value.
    enum Step {
        case key(String)
        case index(Int)

        var token: String {
            switch self {
            case .key(let key): key
            case .index(let index): String(index)
            }
        }
    }

    init(nodes: [SchemaNode], limit: Int, isTolerated: ((SchemaViolation) -> Bool)? = nil) {
        self.nodes = nodes
        self.limit = limit
        self.isTolerated = isTolerated
    }

    /// Holds a value to a node, reports violations, and returns whether there were none.
    mutating func evaluate(_ position: Int, _ value: JSONValue) -> Bool {
        let wasSecret = isSecret
        isSecret = wasSecret || nodes[position].isSecret
        defer { isSecret = wasSecret }

        if nodes[position].isNever { return report("false", "is not allowed") }
        if let types = nodes[position].types, !types.contains(typeOf: value) {
            return report("type", "must be \(types.phrase), not \(JSONTypeSet(value.type).phrase)")
        }
        var isValid = true
        for allowed in nodes[position].values where !allowed.values.contains(value) {
            isValid = report(allowed.keyword, "must be \(allowed.phrase)", showing: value)
        }
        switch value {
        case .string(let text):
            if let rules = nodes[position].string, !check(text, rules) { isValid = false }
        case .number(let number):
            if let rules = nodes[position].number, !check(number, rules) { isValid = false }
        case .array(let elements):
            if let rules = nodes[position].array, !check(elements, rules) { isValid = false }
        case .object(let object):
            if let rules = nodes[position].object, !check(object, rules) { isValid = false }
        case .null, .bool: break
        }
        if let rules = nodes[position].combination, !check(value, rules) { isValid = false }
        if let rules = nodes[position].unevaluated, !check(value, rules, position) { isValid = false }
        return isValid
    }

    /// Holds a value at a place below the current one to a node.
    mutating func evaluate(_ position: Int, _ value: JSONValue, at step: Step) -> Bool {
        path.append(step)
        defer { path.removeLast() }
        return evaluate(position, value)
    }

    /// Whether a value satisfies a node; nothing is reported.
    mutating func satisfies(_ position: Int, _ value: JSONValue) -> Bool {
        let wasSilent = isSilent
        isSilent = true
        defer { isSilent = wasSilent }
        return evaluate(position, value)
    }

    /// Whether one more violation would be reported.
    var reports: Bool { !isSilent && violations.count < limit }

    /// Reports a violation at the current place or one step below, and returns false; true for one that is tolerated.
    ///
    /// - Parameter value: what the message ends with, where it may and can be shown.
    mutating func report(
        _ keyword: String,
        at step: Step? = nil,
        _ message: @autoclosure () -> String,
        showing value: JSONValue? = nil
    ) -> Bool {
        guard reports else { return false }
        var tokens = path.map(\.token)
        if let step { tokens.append(step.token) }
        let text = message() + (value.map(quote) ?? "")
        let violation = SchemaViolation(pointer: JSONPointer(tokens), message: text, keyword: keyword)
        if isTolerated?(violation) == true { return true }
        violations.append(violation)
        return false
    }

    private func quote(_ value: JSONValue) -> String {
        if isSecret { return "" }
        switch value {
        case .string(let text): return ": \(text.quoted)"
        case .number(let number): return ": \(number.literal.prefix(64))"
        case .bool, .null: return ": \(value.text)"
        case .array, .object: return ""
        }
    }
}

// MARK: - Strings and numbers

extension SchemaEvaluation {
    private mutating func check(_ text: String, _ rules: StringRules) -> Bool {
        var isValid = true
        if let check = rules.check {
            guard let message = check(text) else { return true }
            // The message may quote the text.
            let shown = isSecret ? "is not valid" : message
            return report("check", shown, showing: .string(text))
        }
        if let length = rules.length {
            let count = text.unicodeScalars.count
            if count < length.minimum {
                isValid = report("minLength", "must have at least \(length.minimum) characters", showing: .string(text))
            }
            if count > length.maximum {
                isValid = report("maxLength", "must have at most \(length.maximum) characters", showing: .string(text))
            }
        }
        return checkForm(text, rules) && isValid
    }

    private mutating func checkForm(_ text: String, _ rules: StringRules) -> Bool {
        var isValid = true
        if let pattern = rules.pattern, !pattern.matches(text) {
            isValid = report("pattern", "must match \(pattern.source)", showing: .string(text))
        }
        if let format = rules.format, !format.accepts(text) {
            isValid = report("format", "must be \(format.phrase)", showing: .string(text))
        }
        return isValid
    }

    private mutating func check(_ number: JSONNumber, _ rules: NumberRules) -> Bool {
        var isValid = true
        if let minimum = rules.minimum, number < minimum {
            isValid = report("minimum", "must be at least \(minimum.literal)", showing: .number(number))
        }
        if let maximum = rules.maximum, number > maximum {
            isValid = report("maximum", "must be at most \(maximum.literal)", showing: .number(number))
        }
        if let minimum = rules.exclusiveMinimum, number <= minimum {
            isValid = report("exclusiveMinimum", "must be above \(minimum.literal)", showing: .number(number))
        }
        if let maximum = rules.exclusiveMaximum, number >= maximum {
            isValid = report("exclusiveMaximum", "must be below \(maximum.literal)", showing: .number(number))
        }
        if let divisor = rules.divisor,
            !number.decimal.isMultiple(of: divisor.digits, exponent: divisor.exponent)
        {
            isValid = report(
                "multipleOf",
                "must be a multiple of \(divisor.number.literal)",
                showing: .number(number)
            )
        }
        return isValid
    }
}

// MARK: - Combinations

extension SchemaEvaluation {
    private mutating func check(_ value: JSONValue, _ rules: CombinationRules) -> Bool {
        var isValid = true
        if let reference = rules.reference, !evaluate(reference, value) { isValid = false }
        for node in rules.allOf where !evaluate(node, value) { isValid = false }
        if !rules.anyOf.isEmpty, !rules.anyOf.contains(where: { satisfies($0, value) }) {
            isValid = report("anyOf", "must have one of the \(rules.anyOf.count) forms that are allowed")
        }
        if !rules.oneOf.isEmpty {
            let count = rules.oneOf.count { satisfies($0, value) }
            if count != 1 {
                isValid = report(
                    "oneOf",
                    "must have exactly one of the \(rules.oneOf.count) forms that are allowed, not \(count)"
                )
            }
        }
        if let not = rules.not, satisfies(not, value) {
            isValid = report("not", "has a form that is not allowed")
        }
        if let condition = rules.condition {
            let branch = satisfies(condition, value) ? rules.then : rules.otherwise
            if let branch, !evaluate(branch, value) { isValid = false }
        }
        return isValid
    }
}

// MARK: - Phrases

extension JSONTypeSet {
    /// The types for a message, with articles.
    fileprivate var phrase: String {
        let phrases: [(JSONType, String)] = [
            (.null, "null"), (.boolean, "true or false"), (.integer, "an integer"), (.number, "a number"),
            (.string, "a string"), (.array, "an array"), (.object, "an object"),
        ]
        return phrases.filter { type, _ in
            contains(JSONTypeSet(type)) && (type != .integer || !contains(JSONTypeSet(.number)))
        }
        .map(\.1).joined(separator: " or ")
    }
}

extension AllowedValues {
    /// The values for a message, the first dozens of them.
    fileprivate var phrase: String {
        let shown = values.prefix(48).map { value in
            switch value {
            case .string(let text): text.quoted
            default: String(value.text.prefix(64))
            }
        }
        let more = values.count > shown.count ? ["…"] : []
        return (values.count == 1 ? "" : "one of ") + (shown + more).joined(separator: ", ")
    }
}
