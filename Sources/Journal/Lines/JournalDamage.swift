/// What is wrong with a line of the journal.
package struct JournalDamage: Error, Equatable, CustomStringConvertible {
    package let description: String
    /// Whether the line is good, but for another version of the program.
    package var isOfOtherVersion = false
    /// Who wrote it, where the line says so.
    package var program: String?
    /// Whether the line is whole, so that no crash has left it like this.
    var isWhole = false

    init(_ description: String) {
        self.description = description
    }

    /// What another version of the program has written, which is no damage.
    static func otherVersion(_ description: String, program: String? = nil) -> JournalDamage {
        var damage = JournalDamage(description)
        damage.isOfOtherVersion = true
        damage.isWhole = true
        damage.program = program
        return damage
    }

    /// The same about a line that is whole.
    var whole: JournalDamage {
        var damage = self
        damage.isWhole = true
        return damage
    }
}
