package import Inventory

/// The kinds by name; the program itself has none that it treats otherwise than others.
extension Kind {
    package static let computeNode = ComputeNode.kind
    package static let bmc = BMC.kind
    package static let nodeCollection = NodeCollection.kind
    package static let component = Component.kind
}
