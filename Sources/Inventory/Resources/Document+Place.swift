import Schema

extension Document {
    /// Where the BMC of a node is, or a BMC itself; nil for one without an xname.
    var place: BMCXName? { keys.place(in: kind) }

    /// Whether nothing is known of a BMC but where it is.
    var isPlaceholder: Bool { has(Self.bmcXName) && hasNothing(but: Self.bmcXName) }

    static let bmcXName = BMC.number(of: "xname")
    static let bmcAddress = BMC.number(of: "mac_address")
}

extension [UniqueKey] {
    /// Where the BMC is of the node, or the BMC, that has these keys.
    func place(in kind: Kind) -> BMCXName? {
        guard let key = first(where: { $0.name == "xname" }) else { return nil }
        return kind == BMC.kind ? BMCXName(key) : NodeXName(key)?.bmcXName
    }
}

extension BMCXName {
    /// The unique key of the BMC there.
    var key: UniqueKey { UniqueKey(name: "xname", .number(number)) }

    /// The xname that a unique key of a BMC is; nil for another key.
    fileprivate init?(_ key: UniqueKey) {
        guard case .number(let number) = key.number else { return nil }
        self.init(number: number)
    }
}
