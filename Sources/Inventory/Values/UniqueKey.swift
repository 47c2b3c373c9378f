package import Schema

/// A key that no two resources of a kind can have, with one of its values.
package struct UniqueKey: Hashable, Sendable {
    /// Name of the key, such as `xname` or `mac`.
    package let name: String
    /// The value, which is a number where its text is the normal spelling of a MAC address or of an xname.
    package let number: KeyValue

    /// - Parameter number: A number of a ``StringValue``, or a text that is the spelling of none.
    package init(name: String, _ number: KeyValue) {
        self.name = name
        self.number = number
    }

    /// - Parameter value: The value in its normal spelling.
    package init(name: String, value: String) {
        var text = value
        self.init(name: name, text.withUTF8(Self.number).map { .number($0) } ?? .text(value))
    }

    /// - Parameter value: The value in its normal spelling, UTF-8.
    package init(name: String, utf8 value: UnsafeRawBufferPointer) {
        let value = value.bindMemory(to: UInt8.self)
        self.init(
            name: name,
            Self.number(value).map { .number($0) } ?? .text(String(decoding: value, as: UTF8.self))
        )
    }

    private static func number(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        MACAddress.number(text) ?? NodeXName.number(text) ?? BMCXName.number(text)
    }

    package static func == (left: UniqueKey, right: UniqueKey) -> Bool {
        left.number == right.number && left.name == right.name
    }

    /// By the value: equal values of keys of different names are rare.
    package func hash(into hasher: inout Hasher) { hasher.combine(number) }

    /// Whether the value is a hardware address by which no resource is to be found; see ``MACAddress/identifiesNothing(_:)`` and
    /// ``InterfaceAddress/identifiesNothing(_:)``.
    package var identifiesNothing: Bool {
        guard name == "mac" else { return false }
        return switch number {
        case .number(let number): MACAddress.identifiesNothing(number)
        case .text(let text): InterfaceAddress.identifiesNothing(text)
        }
    }

    /// The value in its normal spelling.
    package var value: String {
        switch number {
        case .text(let text): text
        case .number(let number):
            MACAddress(number: number)?.description ?? NodeXName(number: number)?.description
                ?? BMCXName(number: number)?.description ?? ""
        }
    }
}

extension [UniqueKey] {
    /// Takes out every key that stands there before.
    package mutating func removeRepetitions() {
        if count > 8 {
            var seen: Set<UniqueKey> = []
            removeAll { !seen.insert($0).inserted }
            return
        }
        var index = 1
        while index < count {
            if (0..<index).contains(where: { self[$0] == self[index] }) { remove(at: index) } else { index += 1 }
        }
    }
}
