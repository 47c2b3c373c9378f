/// One pass of a ``StructureReader`` over bytes, which must outlive it.
///
/// Every method that reads something returns false for what must be left to the validator; the pass is over then.
struct ReaderPass {
    private let input: UnsafeBufferPointer<UInt8>
    /// Whether it is a stored document: strings are not held to the formats that their fields are marked with, and some are kept
    /// that their types would not write.
    private let isStored: Bool
    private var position = 0
    /// How many objects and arrays are open.
    private var depth = 0
    private var output: [UInt8] = []
    /// The members of the structures that are open, the innermost last.
    private var members: [Member] = []
    private var keys: [(field: Int, name: String, value: KeyValue)] = []
    private var secrets: [(pointer: String, value: String)] = []
    /// Where the values of indexed fields are in the input, each with the number of its path; nil where nobody asks.
    private var indexedValues: [(path: Int, place: Range<Int>)]?
    private var brokenRules: [String] = []

    /// A member that has been written.
    private struct Member {
        var field: Int
        /// Where it begins in the output, where its value does, and where it ends.
        var start: Int
        var value: Int
        var end: Int
    }

    /// How deep values may be nested, as for the parser.
    private static let maximumDepth = 128

    static func read(
        _ input: UnsafeBufferPointer<UInt8>,
        as root: UnsafePointer<ReaderNode>,
        _ completeness: StructureReader.Completeness,
        _ reader: StructureReader
    ) -> StructureReading? {
        var pass = ReaderPass(input, isStored: completeness == .stored)
        pass.output.reserveCapacity(input.count + 16)
        // More than most have.
        pass.members.reserveCapacity(24)
        pass.keys.reserveCapacity(8)
        pass.skipWhiteSpace()
        guard pass.readStructure(root, completeness, field: nil) else { return nil }
        pass.skipWhiteSpace()
        guard pass.position == input.count else { return nil }
        var values = [Range<Int>](repeating: 0..<0, count: reader.fieldCount)
        for member in pass.members { values[member.field] = member.value..<member.end }
        return StructureReading(
            text: StructureText(reader: reader, bytes: pass.output, values: values),
            keys: pass.keys,
            secrets: pass.secrets,
            brokenRules: pass.brokenRules
        )
    }

    /// Where the values of indexed fields are in a document in normal form, each with the number of its path.
    static func indexedValues(
        in input: UnsafeBufferPointer<UInt8>,
        as root: UnsafePointer<ReaderNode>
    ) -> [(path: Int, place: Range<Int>)] {
        var pass = ReaderPass(input, isStored: true)
        pass.output.reserveCapacity(input.count)
        pass.members.reserveCapacity(24)
        pass.indexedValues = []
        pass.indexedValues?.reserveCapacity(8)
        guard pass.readStructure(root, .stored, field: nil) else { preconditionFailure("a normal form can be read") }
        return pass.indexedValues ?? []
    }

    private init(_ input: UnsafeBufferPointer<UInt8>, isStored: Bool) {
        self.input = input
        self.isStored = isStored
    }

    /// The current byte; zero, which is nowhere allowed, at the end.
    private var current: UInt8 { position < input.count ? input[position] : 0 }

    private mutating func skipWhiteSpace() {
        while current == 0x20 || current == 0x0A || current == 0x0D || current == 0x09 { position += 1 }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skip(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard input.count - position >= text.count,
            text.hasSameBytes(as: UnsafeBufferPointer(rebasing: input[position..<position + text.count]))
        else { return false }
        position += text.count
        return true
    }

    // MARK: Structures and lists

    /// - Parameter field: The field of the outermost structure that this one is in; nil for that itself, whose members
    ///   are left in ``members``.
    private mutating func readStructure(
        _ node: UnsafePointer<ReaderNode>,
        _ completeness: StructureReader.Completeness,
        field outerField: Int?
    ) -> Bool {
        guard skip("{") else { return false }
        depth += 1
        output.append(UInt8(ascii: "{"))
        let start = output.count
        let firstMember = members.count
        var seen: UInt64 = 0
        var next = 0
        var isOrdered = true
        skipWhiteSpace()
        if !skip("}") {
            repeat {
                skipWhiteSpace()
                guard let field = readKey(of: node.pointee.members, expecting: next), seen & 1 << field == 0 else {
                    return false
                }
                seen |= 1 << field
                if field < next { isOrdered = false }
                next = field + 1
                if output.count > start { output.append(UInt8(ascii: ",")) }
                let member = node.pointee.members.baseAddress! + field
                let memberStart = output.count
                output.append(contentsOf: member.pointee.key)
                let valueStart = output.count
                guard readValue(member, field: outerField ?? field) else { return false }
                members.append(Member(field: field, start: memberStart, value: valueStart, end: output.count))
                skipWhiteSpace()
            } while skip(",")
            guard skip("}") else { return false }
        }
        guard node.pointee.needed(completeness) & ~seen == 0 else { return false }
        if !isOrdered { putInOrder(from: firstMember, start: start) }
        if outerField != nil {
            members.removeLast(members.count - firstMember)
        } else if !isOrdered {
            keys.sort { $0.field < $1.field }
        }
        output.append(UInt8(ascii: "}"))
        depth -= 1
        return true
    }

    /// Reads a member's name and the colon behind it.
    ///
    /// - Parameter next: The field that is tried first.
    /// - Returns: Which field it is.
    private mutating func readKey(of fields: UnsafeBufferPointer<ReaderNode>, expecting next: Int) -> Int? {
        let start = position
        if next < fields.count, skip(fields[next].key) {
            skipWhiteSpace()
            return next
        }
        guard let string = readString(), string.isPlain else { return nil }
        for offset in 0..<fields.count {
            let field = next + offset < fields.count ? next + offset : next + offset - fields.count
            // Without the colon.
            let key = UnsafeBufferPointer(rebasing: fields[field].key.dropLast())
            guard key.count == position - start, key.hasSameBytes(as: slice(start)) else { continue }
            skipWhiteSpace()
            guard skip(":") else { return nil }
            skipWhiteSpace()
            return field
        }
        return nil
    }

    /// Sorts the members of a structure by their fields.
    private mutating func putInOrder(from first: Int, start: Int) {
        var text: [UInt8] = []
        text.reserveCapacity(output.count - start)
        var sorted = members[first...].sorted { $0.field < $1.field }
        for index in sorted.indices {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            let move = start + text.count - sorted[index].start
            text += output[sorted[index].start..<sorted[index].end]
            sorted[index].start += move
            sorted[index].value += move
            sorted[index].end += move
        }
        output.replaceSubrange(start..., with: text)
        members.replaceSubrange(first..., with: sorted)
    }

    private mutating func readList(of element: UnsafePointer<ReaderNode>, isDistinct: Bool, field: Int) -> Bool {
        guard skip("[") else { return false }
        depth += 1
        output.append(UInt8(ascii: "["))
        skipWhiteSpace()
        if !skip("]") {
            var seen: Set<[UInt8]> = []
            var isFirst = true
            repeat {
                let end = output.count
                if !isFirst { output.append(UInt8(ascii: ",")) }
                isFirst = false
                skipWhiteSpace()
                let start = output.count
                guard readValue(element, field: field) else { return false }
                if isDistinct, !seen.insert(Array(output[start...])).inserted { output.removeSubrange(end...) }
                skipWhiteSpace()
            } while skip(",")
            guard skip("]") else { return false }
        }
        output.append(UInt8(ascii: "]"))
        depth -= 1
        return true
    }

    // MARK: Values

    private mutating func readValue(_ node: UnsafePointer<ReaderNode>, field: Int) -> Bool {
        let start = position
        guard readAnyValue(node, field: field) else { return false }
        if indexedValues != nil, let path = node.pointee.indexedPath { indexedValues?.append((path, start..<position)) }
        return true
    }

    private mutating func readAnyValue(_ node: UnsafePointer<ReaderNode>, field: Int) -> Bool {
        switch node.pointee.shape {
        case .string(let format): return readAnyString(node, format, field: field)
        case .boolean:
            return copy("true") || copy("false")
        case .integer:
            return copyInteger() || readByDecoder(node.pointee.type)
        case .choice(let names):
            let start = position
            guard readString() != nil else { return false }
            let text = slice(start)
            guard names.contains(where: { $0.count == text.count && $0.hasSameBytes(as: text) }) else { return false }
            output.append(contentsOf: text)
            return true
        case .text(let type): return readText(node, type, field: field)
        case .list(let element, let isDistinct):
            return readList(of: element, isDistinct: isDistinct && !isStored, field: field)
        case .structure: return readStructure(node, .whole, field: field)
        case .value: return readByDecoder(node.pointee.type)
        }
    }

    private mutating func readAnyString(
        _ node: UnsafePointer<ReaderNode>,
        _ format: StringFormat?,
        field: Int
    ) -> Bool {
        let start = position
        guard let string = readString(), isStored || !node.pointee.hasPattern else { return false }
        let isSecret = node.pointee.secretPointer != nil
        let isSimple = string.isPlain && string.isASCII
        if isSimple, !isSecret, format == nil, node.pointee.uniqueKey == nil {
            output.append(contentsOf: slice(start))
            return true
        }
        let text: String
        if isSimple {
            text = String(decoding: slice(start).dropFirst().dropLast(), as: UTF8.self)
        } else {
            guard case .string(let value)? = value(from: start) else { return false }
            text = value
        }
        if !isStored, let format, !format.accepts(text) { return false }
        if let key = node.pointee.uniqueKey { keys.append((field, key, .text(text))) }
        if let pointer = node.pointee.secretPointer { secrets.append((pointer, text)) }
        if isSecret {
            output += "\"\"".utf8
        } else if isSimple {
            output.append(contentsOf: slice(start))
        } else {
            output += JSONValue.string(text).bytes
        }
        return true
    }

    private mutating func readText(
        _ node: UnsafePointer<ReaderNode>,
        _ type: any StringValue.Type,
        field: Int
    ) -> Bool {
        let start = position
        guard let string = readString() else { return false }
        if string.isPlain, string.isASCII {
            let text = UnsafeBufferPointer(rebasing: input[start + 1..<position - 1])
            if let key = node.pointee.uniqueKey, let number = type.number(text) {
                output.append(contentsOf: slice(start))
                keys.append((field, key, .number(number)))
                return true
            }
            if type.isNormal(text) {
                output.append(contentsOf: slice(start))
                if let key = node.pointee.uniqueKey {
                    keys.append((field, key, .text(String(decoding: text, as: UTF8.self))))
                }
                return true
            }
        }
        guard case .string(let text)? = value(from: start) else { return false }
        let normal = Self.normal(text, type)
        if isStored, normal != text, let rule = type.laterRule {
            if !brokenRules.contains(rule) { brokenRules.append(rule) }
            output.append(contentsOf: slice(start))
            if let key = node.pointee.uniqueKey { keys.append((field, key, .text(type.key(ofStored: text)))) }
            return true
        }
        guard let normal else { return false }
        output += JSONValue.string(normal).bytes
        if let key = node.pointee.uniqueKey { keys.append((field, key, .text(normal))) }
        return true
    }

    private static func normal(_ text: String, _ type: any StringValue.Type) -> String? {
        do {
            guard case .string(let normal) = try type.init(text).json else { return nil }
            return normal
        } catch {
            return nil
        }
    }

    /// Reads a value by the decoder of its type, which accepts what the type's schema does.
    private mutating func readByDecoder(_ type: any JSONRepresentable.Type) -> Bool {
        let start = position
        guard skipValue(), let value = value(from: start), let normal = Self.normal(value, type) else { return false }
        output += normal.bytes
        return true
    }

    private static func normal(_ value: JSONValue, _ type: any JSONRepresentable.Type) -> JSONValue? {
        do {
            return try type.init(json: value).json
        } catch {
            return nil
        }
    }

    /// The value that lies between a place and the current one.
    private func value(from start: Int) -> JSONValue? {
        do {
            return try JSONValue(parsing: slice(start), maximumDepth: Self.maximumDepth - depth)
        } catch {
            return nil
        }
    }

    private mutating func copy(_ word: StaticString) -> Bool {
        let word = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard skip(word) else { return false }
        output.append(contentsOf: word)
        return true
    }

    /// Copies an integer that is spelled as it is written, if there is one.
    private mutating func copyInteger() -> Bool {
        var end = position
        if current == UInt8(ascii: "-") { end += 1 }
        let firstDigit = end
        while end < input.count, input[end].isASCIIDigit { end += 1 }
        let isNormal =
            (1...18).contains(end - firstDigit)
            && (input[firstDigit] != UInt8(ascii: "0") || end - position == 1)
            && end < input.count && ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(input[end])
        guard isNormal else { return false }
        output.append(contentsOf: UnsafeBufferPointer(rebasing: input[position..<end]))
        position = end
        return true
    }

    // MARK: Bytes

    private func slice(_ start: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: input[start..<position])
    }

    /// Passes over a string.
    ///
    /// - Returns: Whether nothing in it is escaped, and whether all of it is ASCII; nil where there is no string.
    private mutating func readString() -> (isPlain: Bool, isASCII: Bool)? {
        guard skip("\"") else { return nil }
        var (isPlain, isASCII) = (true, true)
        while true {
            position = input.endOfPlainASCII(from: position)
            switch current {
            case UInt8(ascii: "\""):
                position += 1
                return (isPlain, isASCII)
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 2
            case 0x80...0xFF:
                isASCII = false
                position += 1
            default: return nil
            }
        }
    }

    /// Passes over what is a value if it is JSON at all, which the parser finds out.
    private mutating func skipValue() -> Bool {
        var open = 0
        repeat {
            switch current {
            case UInt8(ascii: "\""): if readString() == nil { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                position += 1
            case 0: return false
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09:
                // Only within an object or an array.
                guard open > 0 else { return false }
                position += 1
            default:
                while current.isPartOfWord { position += 1 }
            }
        } while open > 0
        return open == 0
    }
}

extension UInt8 {
    /// Whether the byte is neither a bracket nor stands between values.
    fileprivate var isPartOfWord: Bool {
        switch self {
        case 0, 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "\""), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"):
            false
        default: true
        }
    }
}
