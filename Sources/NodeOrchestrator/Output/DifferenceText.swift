import Foundation
import Inventory
import Records
import Schema
import Store

/// What differs between two moments, as people read it.
struct DifferenceText {
    var hasColours: Bool

    /// For standard output.
    static var standard: DifferenceText {
        let refuses = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return DifferenceText(hasColours: isatty(STDOUT_FILENO) == 1 && !refuses)
    }

    /// Prints every resource, and how many there are.
    func print(_ difference: InventoryDifference) {
        for resource in difference.resources { Swift.print(lines(resource).joined(separator: "\n")) }
        Swift.print(difference.summaryText)
    }

    // MARK: Resources

    private enum Colour: Int {
        case red = 31
        case green
        case yellow
    }

    func lines(_ difference: Difference) -> [String] {
        guard let before = difference.before else { return [heading("+", .green, difference)] }
        guard let after = difference.after else { return [heading("-", .red, difference)] }
        let old = before.json
        let secrets = difference.changedSecrets.compactMap { JSONPointer($0) }
        let changes = JSONPatch(from: old, to: after.json).operations.filter { !secrets.contains($0.pointer) }
        return [heading("~", .yellow, difference)] + changes.map { line($0, old) }
            + secrets.map { indented("\(path($0, in: after.json)): changed (secret)") }
    }

    private func heading(_ sign: String, _ colour: Colour, _ difference: Difference) -> String {
        let id = difference.resource.id.lowercased
        let text = Self.printable(
            "\(sign) \(difference.resource.kind.name) \(difference.name.map { "\($0) (\(id))" } ?? id)"
        )
        return hasColours ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    // MARK: Fields

    /// - Parameter old: The document that the operation changes.
    private func line(_ operation: JSONPatch.Operation, _ old: JSONValue) -> String {
        let change =
            switch operation {
            case .add(_, let value): "added \(Self.short(value))"
            case .remove(let pointer): "removed \(old[pointer].map(Self.short) ?? "")"
            case .replace(let pointer, let value):
                "\(old[pointer].map(Self.short) ?? "") → \(Self.short(value))"
            }
        return indented("\(path(operation.pointer, in: old)): \(change)")
    }

    private func indented(_ text: String) -> String {
        "    " + Self.printable(text)
    }

    /// A place such as `network_interfaces[1].mac_address`.
    private func path(_ pointer: JSONPointer, in document: JSONValue) -> String {
        var path = ""
        var value: JSONValue? = document
        for token in pointer.tokens {
            if case .array? = value {
                path += "[\(token)]"
            } else if token.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }), !token.isEmpty {
                path += path.isEmpty ? token : ".\(token)"
            } else {
                path += "[\(JSONValue.string(token).text)]"
            }
            value = value?[JSONPointer([token])]
        }
        return path
    }

    private static let maximumLength = 100

    private static func short(_ value: JSONValue) -> String {
        let text = value.text
        return text.count > maximumLength ? text.prefix(maximumLength - 1) + "…" : text
    }

    /// A text without what would control a terminal.
    private static func printable(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            if scalar.properties.generalCategory == .control {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
}

extension JSONPatch.Operation {
    /// The place that it changes.
    fileprivate var pointer: JSONPointer {
        switch self {
        case .add(let pointer, _), .remove(let pointer), .replace(let pointer, _): pointer
        }
    }
}

extension InventoryDifference {
    /// How much differs: `3 added, 1 removed, 2 changed`.
    var summaryText: String {
        let added = resources.count { $0.before == nil }
        let removed = resources.count { $0.after == nil }
        return "\(added) added, \(removed) removed, \(resources.count - added - removed) changed"
    }

    /// What differs seen from the other moment.
    var reversed: InventoryDifference {
        var result = self
        (result.from, result.to) = (to, from)
        for index in resources.indices {
            result.resources[index].before = resources[index].after
            result.resources[index].after = resources[index].before
        }
        return result
    }
}
