/// What JSON the values of a type are: as much as it takes to read them without making values of them.
package enum JSONShape: Sendable {
    /// Any string.
    case string
    case boolean
    /// Integers of 64 bits.
    case integer
    /// Numbers in the range of a double.
    case number
    /// Some strings.
    case choice([String])
    /// Strings that each have one normal spelling.
    case text(any StringValue.Type)
    /// Objects that no schema describes.
    case freeForm
    /// Arrays of elements of one type.
    case list(any JSONRepresentable.Type)
    /// The same, each element once: where it comes first.
    case distinctList(any JSONRepresentable.Type)
    /// Objects whose members are all of one type.
    case map(any JSONRepresentable.Type)
    case structure(any JSONStructure.Type)
}
