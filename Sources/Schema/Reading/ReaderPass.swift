/// One pass of a ``StructureReader`` over bytes, which must outlive it.
///
/// Every method that reads something returns false for what must be left to the validator; the pass is over then.
struct ReaderPass {
    let input: UnsafeBufferPointer<UInt8>
    /// Whether it is a stored document: strings are not held to the formats that their fields are marked with, and some are kept
    /// that their types would not write.
    let isStored: Bool
    var position = 0
    /// How many objects and arrays are open.
    var depth = 0
    var output: [UInt8] = []
    /// The members of the structures that are open, the innermost last.
    var members: [Member] = []
    var keys: [(field: Int, name: String, value: KeyValue)] = []
    var secrets: [(pointer: String, value: String)] = []
    /// Where the values of indexed fields are in the input, each with the number of its path; nil where nobody asks.
    var indexedValues: [(path: Int, place: Range<Int>)]?
    var brokenRules: [String] = []

    /// A member that has been written.
    struct Member {
        var field: Int
        /// Where it begins in the output, where its value does, and where it ends.
        var start: Int
        var value: Int
        var end: Int
    }

    /// How deep values may be nested, as for the parser.
    static let maximumDepth = 128

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

    // MARK: Structures and lists

    /// - Parameter field: The field of the outermost structure that this one is in; nil for that itself, whose members
    ///   are left in ``members``.
    mutating func readStructure(
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

    mutating func readList(of element: UnsafePointer<ReaderNode>, isDistinct: Bool, field: Int) -> Bool {
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
}
