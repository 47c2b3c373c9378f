import DuckDB
import Foundation
import Inventory

/// Where a chunk has copies of other resources. Whoever reads them keeps the vectors.
struct CopyCells {
    private let copies: ColumnCells
    private let identifiers: ColumnVector
    private let places: ColumnCells
    private let rules: (any ResourceRules)?

    /// - Parameters:
    ///   - kind: The kind of the resources that have the copies.
    ///   - identifier: The number of the copies' field that has the identifier.
    ///   - place: The number of the field that has the xname.
    init(_ kind: Kind, _ vector: ColumnVector, identifier: Int, place: Int) {
        copies = vector.cells
        identifiers = vector.structFields[identifier]
        places = vector.structFields[place].cells
        rules = kind.rules
    }

    /// The identifier of the copy in a row.
    func identifier(_ row: Int) -> UUID? {
        copies.isNull(row) || identifiers.isNull(row) ? nil : identifiers.identifier(row)
    }

    /// The rule that the resource in a row and its copy break; see ``ResourceRules/laterRule``.
    ///
    /// - Parameter keys: The resource's unique keys.
    func brokenRule(_ keys: [UniqueKey], _ row: Int) -> String? {
        guard let rules, let rule = rules.laterRule else { return nil }
        let place = places.isNull(row) ? nil : places.bytes(row).bindMemory(to: UInt8.self)
        return rules.breaksLaterRule(keys, copyAt: place) ? rule : nil
    }
}
