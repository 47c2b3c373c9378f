package import Schema

/// The location of a BMC: cabinet, chassis, slot and the BMC's position, `x1000c1s7b0`.
///
/// The naming scheme is HMS's, where the pattern and the ranges come from. The normal spelling has no leading zeros,
/// but a cabinet keeps the three digits that the pattern asks for. A reference is told by its numbers: `X1c0s0b0` is that of
/// `x001c0s0b0`.
package struct BMCXName: StringValue, Comparable {
    /// Cabinet, 0 to 99,999.
    package let cabinet: Int
    /// Chassis in the cabinet, 0 to 255.
    package let chassis: Int
    /// Slot in the chassis, 0 to 255.
    package let slot: Int
    /// BMC in the slot, 0 to 255.
    package let bmc: Int

    package init(_ text: String) throws(InvalidValue) {
        var scanner = XNameScanner(text)
        try self.init(scanning: &scanner)
        try scanner.end()
    }

    package init(reference text: String) throws(InvalidValue) {
        var scanner = XNameScanner(reference: text)
        try self.init(scanning: &scanner)
        try scanner.end()
    }

    init(scanning scanner: inout XNameScanner) throws(InvalidValue) {
        cabinet = try scanner.part("x", name: "cabinet", digits: 3...5, maximum: 99_999)
        chassis = try scanner.part("c", name: "chassis", digits: 1...3, maximum: 255)
        slot = try scanner.part("s", name: "slot", digits: 1...3, maximum: 255)
        bmc = try scanner.part("b", name: "BMC", digits: 1...3, maximum: 255)
    }

    package var description: String {
        "x\(String(cabinet, minimumDigits: 3))c\(chassis)s\(slot)b\(bmc)"
    }

    package static func < (left: BMCXName, right: BMCXName) -> Bool {
        (left.cabinet, left.chassis, left.slot, left.bmc) < (right.cabinet, right.chassis, right.slot, right.bmc)
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        normalXName(text, letters: "xcsb") != nil
    }

    package static func number(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        normalXName(text, letters: "xcsb").map { NumberForm.bmcXName.rawValue | $0 }
    }

    /// What ``number(_:)`` has for the normal spelling.
    package var number: UInt64 {
        NumberForm.bmcXName.rawValue | UInt64(cabinet) << 24 | UInt64(chassis) << 16 | UInt64(slot) << 8 | UInt64(bmc)
    }

    /// The xname that a number stands for.
    init?(number: UInt64) {
        guard let bits = NumberForm.bmcXName.content(of: number) else { return nil }
        self.init(bits: bits)
    }

    /// - Parameter bits: The cabinet, then eight bits each for the other parts.
    init(bits: UInt64) {
        cabinet = Int(bits >> 24)
        chassis = Int(bits >> 16 & 0xFF)
        slot = Int(bits >> 8 & 0xFF)
        bmc = Int(bits & 0xFF)
    }

    package static var stringSchema: JSONSchema {
        JSONSchema(
            title: "BMCXName",
            description: "Location of a BMC: cabinet, chassis, slot, BMC",
            type: .string,
            pattern: #"^x(\d{3,5})c(\d{1,3})s(\d{1,3})b(\d{1,3})$"#
        )
    }
}
