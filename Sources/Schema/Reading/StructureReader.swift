/// Reads structures in one pass over their bytes: holds them to their schema, puts them into their normal form, and
/// finds their unique keys and secrets, without making values of them.
///
/// The reader reads what is common and leaves the rest to the validator and the type's own decoder, which are the authority:
/// whatever it reads they accept, and the type writes it as the reader does.
package struct StructureReader: Sendable {
    /// The compiled structure: threads that read share it without counting references.
    // Unsafe only in name: it is neither changed nor freed once it is there.
    private nonisolated(unsafe) let root: UnsafePointer<ReaderNode>
    /// The paths of fields that are marked as indexed, such as `network_interfaces.ipv4_address`, by their numbers. What is in
    /// a part of another resource is found by that one.
    package let indexedPaths: [String]

    /// Compiles the fields of a structure; once for each type, since the memory is not given back.
    package init(_ type: any JSONStructure.Type) {
        var indexedPaths: [String] = []
        root = ReaderNode(of: type, &indexedPaths).immortal
        self.indexedPaths = indexedPaths
    }

    /// What of a structure must be there.
    package enum Completeness: Sendable {
        /// All that the schema requires.
        case whole
        /// What the type cannot do without; the schema may require more, and formats that the type does not know.
        case stored
        /// Nothing.
        case part
    }

    /// Reads a structure.
    ///
    /// - Returns: Nil for what breaks its schema or is too unusual to be read in one pass.
    package func read(_ bytes: some Collection<UInt8>, _ completeness: Completeness = .whole) -> StructureReading? {
        let reading = bytes.withContiguousStorageIfAvailable { ReaderPass.read($0, as: root, completeness, self) }
        return reading ?? Array(bytes).withUnsafeBufferPointer { ReaderPass.read($0, as: root, completeness, self) }
    }

    /// Finds the values of indexed fields in a document in normal form, each with the number of the field's path.
    ///
    /// - Parameter body: Gets their JSON.
    package func forEachIndexedValue(of bytes: [UInt8], _ body: (Int, UnsafeBufferPointer<UInt8>) -> Void) {
        guard !indexedPaths.isEmpty else { return }
        bytes.withUnsafeBufferPointer { bytes in
            for (path, place) in ReaderPass.indexedValues(in: bytes, as: root) {
                body(path, UnsafeBufferPointer(rebasing: bytes[place]))
            }
        }
    }

    /// How many fields the structure has.
    var fieldCount: Int { root.pointee.members.count }

    /// Whether a field belongs to a unique key, or can have a secret in it.
    func isToFindBy(_ field: Int) -> Bool { root.pointee.members[field].isToFindBy }

    /// The name of a field as JSON, with the colon behind it.
    func key(_ field: Int) -> UnsafeBufferPointer<UInt8> { root.pointee.members[field].key }
}

/// What a pass over a structure has found.
package struct StructureReading: Sendable {
    /// The structure; each secret in it has become an empty string.
    package var text: StructureText
    /// The values of unique keys, each with the number of the field that it is in.
    package var keys: [(field: Int, name: String, value: KeyValue)]
    /// Secrets by JSON pointer; an empty one stands for what is stored.
    package var secrets: [(pointer: String, value: String)]
    /// Of a stored structure: the ``StringValue/laterRule`` of what breaks them, each once.
    package var brokenRules: [String]
}

/// The value of a unique key.
package enum KeyValue: Hashable, Sendable {
    /// What ``StringValue/number(_:)`` has for the text.
    case number(UInt64)
    case text(String)
}

/// A field, an element or the whole, compiled.
struct ReaderNode {
    enum Shape {
        case string(StringFormat?)
        case boolean
        case integer
        /// Strings as they stand in JSON, with quotes.
        case choice(UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>)
        case text(any StringValue.Type)
        /// Where it is distinct, an element that stands there before is left out.
        case list(UnsafePointer<ReaderNode>, isDistinct: Bool)
        case structure
        /// Read by the type's own decoder.
        case value
    }

    let shape: Shape
    /// Of a field: its name as JSON, with the colon behind it.
    var key = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    let type: any JSONRepresentable.Type
    /// Of a structure: its fields in declared order.
    private(set) var members = UnsafeBufferPointer<ReaderNode>(start: nil, count: 0)
    /// Of a structure: the fields that its schema requires, and those that the type cannot do without, a bit each.
    private(set) var required: UInt64 = 0
    private(set) var indispensable: UInt64 = 0
    /// Whether the structure is given in part.
    private var isPartial = false
    /// The name of the unique key that the value belongs to.
    private(set) var uniqueKey: String?
    /// Whether the string has to match a pattern, which the validator has to find out.
    private(set) var hasPattern = false
    /// The JSON pointer of a secret.
    private(set) var secretPointer: String?
    /// The number of the path, where the field is indexed.
    private(set) var indexedPath: Int?

    /// The whole of a structure.
    ///
    /// - Parameter indexedPaths: Gets the paths of indexed fields.
    init(of type: any JSONStructure.Type, _ indexedPaths: inout [String]) {
        self.init(type, pointer: JSONPointer(), path: [], &indexedPaths)
    }

    /// - Parameter path: The names of the fields that lead there; nil within a part of another resource.
    private init(
        _ type: any JSONRepresentable.Type,
        pointer: JSONPointer?,
        path: [String]?,
        format: StringFormat? = nil,
        elementKey: (field: String, name: String)? = nil,
        _ indexedPaths: inout [String]
    ) {
        self.type = type
        switch type.shape {
        case .string: shape = .string(format)
        case .boolean: shape = .boolean
        case .integer: shape = .integer
        case .choice(let names):
            shape = .choice(names.map { JSONValue.string($0).bytes.immortal }.immortal)
        case .text(let text): shape = .text(text)
        case .list(let element):
            let node = ReaderNode(element, pointer: nil, path: path, elementKey: elementKey, &indexedPaths)
            shape = .list(node.immortal, isDistinct: false)
        case .distinctList(let element):
            let node = ReaderNode(element, pointer: nil, path: path, elementKey: elementKey, &indexedPaths)
            shape = .list(node.immortal, isDistinct: true)
        case .number, .freeForm, .map: shape = .value
        case .structure(let structure):
            shape = .structure
            precondition(structure.fields.count <= 64, "\(structure) has too many fields")
            var members: [ReaderNode] = []
            for (index, field) in structure.fields.enumerated() {
                members.append(ReaderNode(field, within: pointer, path: path, &indexedPaths))
                // The keys of structures within it are those of other structures.
                if pointer != JSONPointer() { members[index].uniqueKey = nil }
                if field.name == elementKey?.field { members[index].uniqueKey = elementKey?.name }
                // What stands for an absent value is for the decoder to write.
                if field.isRequired || field.isIndispensable { required |= 1 << index }
                if field.isIndispensable { indispensable |= 1 << index }
            }
            self.members = members.immortal
        }
    }

    private init(
        _ field: JSONField,
        within pointer: JSONPointer?,
        path: [String]?,
        _ indexedPaths: inout [String]
    ) {
        var format: StringFormat?
        var hasPattern = false
        for mark in field.marks {
            switch mark {
            case .format(let mark): format = mark
            case .pattern: hasPattern = true
            case .required, .key, .uniqueKey, .indexed, .secret, .readOnly, .default, .partial: break
            }
        }
        let pointer = pointer?.appending(field.name)
        let element = field.uniqueElementKey.flatMap { key in field.uniqueKey.map { (key, $0) } }
        let path = field.isPartial ? nil : path.map { $0 + [field.name] }
        self.init(field.type, pointer: pointer, path: path, format: format, elementKey: element, &indexedPaths)
        if field.isIndexed, let path {
            indexedPath = indexedPaths.count
            indexedPaths.append(path.joined(separator: "."))
        }
        key = (JSONValue.string(field.name).bytes + [UInt8(ascii: ":")]).immortal
        isPartial = field.isPartial
        if element == nil { uniqueKey = field.uniqueKey }
        self.hasPattern = hasPattern
        if field.isSecret { secretPointer = pointer?.description }
    }

    /// Whether a unique key or a secret is in the value.
    var isToFindBy: Bool {
        if uniqueKey != nil || secretPointer != nil { return true }
        if case .list(let element, _) = shape { return element.pointee.isToFindBy }
        return members.contains(where: \.isToFindBy)
    }

    /// The fields that must be there.
    func needed(_ completeness: StructureReader.Completeness) -> UInt64 {
        switch completeness {
        case .whole: isPartial ? indispensable : required
        case .stored: indispensable
        case .part: 0
        }
    }

    /// The node in memory that is never given back.
    var immortal: UnsafePointer<ReaderNode> {
        let pointer = UnsafeMutablePointer<ReaderNode>.allocate(capacity: 1)
        pointer.initialize(to: self)
        return UnsafePointer(pointer)
    }
}

extension Array {
    /// The elements in memory that is never given back.
    fileprivate var immortal: UnsafeBufferPointer<Element> {
        let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: count)
        _ = buffer.initialize(from: self)
        return UnsafeBufferPointer(buffer)
    }
}
