/// Which resources of a kind break rules that came after they had been stored.
struct BrokenRules {
    private var rules: [UInt32: [String]] = [:]
    /// How many resources break each rule.
    private(set) var counts: [String: Int] = [:]

    /// Takes note of the rules that the resource at a place breaks.
    mutating func set(_ broken: [String], at place: UInt32) {
        for rule in rules.removeValue(forKey: place) ?? [] { counts[rule, default: 0] -= 1 }
        guard !broken.isEmpty else { return }
        for rule in broken { counts[rule, default: 0] += 1 }
        rules[place] = broken
    }

    /// The first place of a resource that breaks a rule.
    func example(of rule: String) -> UInt32? {
        rules.filter { $0.value.contains(rule) }.keys.min()
    }
}
