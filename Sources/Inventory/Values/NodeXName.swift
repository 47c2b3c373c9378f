package import Schema

/// The location of a compute node: that of its BMC and the node's position there, `x1000c1s7b0n0`.
///
/// Spelling and ranges are as for ``BMCXName``.
package struct NodeXName: StringValue, Comparable {
    /// The location of the BMC that controls the node.
    package let bmcXName: BMCXName
    /// Node below the BMC, 0 to 255.
    package let node: Int

    package init(_ text: String) throws(InvalidValue) {
        try self.init(scanning: XNameScanner(text))
    }

    package init(reference text: String) throws(InvalidValue) {
        try self.init(scanning: XNameScanner(reference: text))
    }

    private init(scanning scanner: XNameScanner) throws(InvalidValue) {
        var scanner = scanner
        bmcXName = try BMCXName(scanning: &scanner)
        node = try scanner.part("n", name: "node", digits: 1...3, maximum: 255)
        try scanner.end()
    }

    /// The xname that a unique key of a node is; nil for another key.
    package init?(_ key: UniqueKey) {
        switch key.number {
        case .number(let number): self.init(number: number)
        case .text(let text):
            do throws(InvalidValue) {
                try self.init(text)
            } catch {
                return nil
            }
        }
    }

    /// Cabinet, 0 to 99,999.
    package var cabinet: Int { bmcXName.cabinet }
    /// Chassis in the cabinet, 0 to 255.
    package var chassis: Int { bmcXName.chassis }
    /// Slot in the chassis, 0 to 255.
    package var slot: Int { bmcXName.slot }
    /// BMC in the slot, 0 to 255.
    package var bmc: Int { bmcXName.bmc }

    package var description: String { "\(bmcXName)n\(node)" }

    package static func < (left: NodeXName, right: NodeXName) -> Bool {
        (left.bmcXName, left.node) < (right.bmcXName, right.node)
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        normalXName(text, letters: "xcsbn") != nil
    }

    package static func number(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        normalXName(text, letters: "xcsbn").map { NumberForm.nodeXName.rawValue | $0 }
    }

    /// The xname that a number stands for.
    init?(number: UInt64) {
        guard let bits = NumberForm.nodeXName.content(of: number) else { return nil }
        bmcXName = BMCXName(bits: bits >> 8)
        node = Int(bits & 0xFF)
    }

    package static var stringSchema: JSONSchema {
        JSONSchema(
            title: "NodeXName",
            description: "Location of a compute node: cabinet, chassis, slot, BMC, node",
            type: .string,
            pattern: #"^x(\d{3,5})c(\d{1,3})s(\d{1,3})b(\d{1,3})n(\d{1,3})$"#
        )
    }
}
