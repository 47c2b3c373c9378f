package import DuckDB
package import Foundation
package import Inventory
import Records
import Schema

/// Makes documents, and what they are found by, from rows of a projection's table, without a detour over Swift values.
package struct RowReader {
    private let kind: Kind
    private let columns: [ColumnType.Column]
    private let identifier: Int
    private let keys: [KeyColumn]
    /// The column that has copies of other resources, and the fields of their identifiers and places.
    private let copies: (column: Int, identifier: Int, place: Int)?

    /// A column that a unique key is in.
    private struct KeyColumn {
        var name: String
        var column: Int
        /// Of a list of structures: the field that has the key.
        var field: Int?
        /// The type of the values, where stored ones may be other than the keys of today.
        var keptType: (any StringValue.Type)?
    }

    init(_ table: ResourceTable) {
        kind = table.kind
        columns = table.columns
        identifier = Self.index(of: kind.identifierKey, in: columns)
        keys = kind.resourceType.fields.compactMap { [columns] field -> KeyColumn? in
            guard let key = field.uniqueKey else { return nil }
            let column = Self.index(of: field.name, in: columns)
            let element = field.uniqueElementKey.map { Self.index(of: $0, in: Self.fields(of: columns[column].type)) }
            let type = field.type as? any StringValue.Type
            return KeyColumn(
                name: key,
                column: column,
                field: element,
                keptType: type?.laterRule == nil ? nil : type
            )
        }
        copies = kind.embedding.map { [columns] embedding in
            let column = Self.index(of: embedding.key, in: columns)
            let fields = Self.fields(of: columns[column].type)
            return (
                column, Self.index(of: embedding.kind.identifierKey, in: fields),
                Self.index(of: embedding.placeKey, in: fields)
            )
        }
    }

    private static func index(of name: String, in columns: [ColumnType.Column]) -> Int {
        guard let index = columns.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("\(name) is not a column")
        }
        return index
    }

    private static func fields(of type: ColumnType) -> [ColumnType.Column] {
        switch type {
        case .structure(let fields), .list(.structure(let fields)): fields
        default: []
        }
    }

    /// The resources in a chunk of the whole table, as additions to the directory.
    ///
    /// - Throws: When a row holds what is no resource of the kind.
    func changes(in chunk: DataChunk) throws -> [Change] {
        let vectors = columns.indices.map { chunk[$0] }
        let documents = DocumentWriter(columns, vectors)
        let keys = keys.map { KeyCells($0, vectors[$0.column]) }
        let ids = vectors[identifier]
        let versions = chunk[columns.count]
        let secrets = chunk[columns.count + 1]
        let secretEntries = secrets.listElements.structFields
        let rules = RuleCells(kind.resourceType, columns, vectors)
        let copies = copies.map { CopyCells(kind, vectors[$0.column], identifier: $0.identifier, place: $0.place) }
        var writer = JSONWriter()
        // Cells are read, which keep no memory by themselves.
        return try withExtendedLifetime((vectors, secrets)) {
            try (0..<chunk.count).map { row in
                writer.removeAll()
                documents.write(row, to: &writer)
                let document = writer.copy()
                let index =
                    if kind.reservesKeys {
                        try IndexEntry(of: readable(document))
                    } else {
                        Self.index(KeyCells.keys(keys, row), copies, rules, row)
                    }
                writer.removeAll()
                return Change(
                    resource: ResourceID(kind, try Self.id(ids, row)),
                    stored: StoredResource(
                        document: document,
                        version: versions.uint64(row),
                        secrets: Self.secrets(secrets.listRange(row), of: secretEntries, by: &writer)
                    ),
                    indexBefore: nil,
                    index: index
                )
            }
        }
    }

    private static func index(_ keys: [UniqueKey], _ copies: CopyCells?, _ rules: RuleCells, _ row: Int) -> IndexEntry {
        var entry = IndexEntry(keys: keys, brokenRules: rules.broken(row))
        guard let copies, let id = copies.identifier(row) else { return entry }
        entry.embedded = id
        if let rule = copies.brokenRule(keys, row) { entry.brokenRules.append(rule) }
        return entry
    }

    private static func id(_ ids: ColumnVector, _ row: Int) throws(SnapshotError) -> UUID {
        guard let id = ids.identifier(row) else { throw .damaged("an id is no UUID") }
        return id
    }

    /// The sealed secrets in a chunk of identifiers and secrets.
    package static func secrets(in chunk: DataChunk) throws -> [(id: UUID, secrets: SealedSecrets)] {
        let (ids, secrets) = (chunk[0], chunk[1])
        let entries = secrets.listElements.structFields
        var writer = JSONWriter()
        return try (0..<chunk.count).map { row in
            writer.removeAll()
            return (try id(ids, row), Self.secrets(secrets.listRange(row), of: entries, by: &writer))
        }
    }

    private func readable(_ document: [UInt8]) throws -> Document {
        var unknown: Set<String> = []
        return try kind.readable(document, unknown: &unknown)
    }

    /// - Parameter entries: Pointers and secrets, in the order in which they were written.
    private static func secrets(
        _ range: Range<Int>,
        of entries: [ColumnVector],
        by writer: inout JSONWriter
    ) -> SealedSecrets {
        guard !range.isEmpty else { return SealedSecrets() }
        writer.beginObject()
        for entry in range {
            writer.key(utf8: entries[0].bytes(entry))
            writer.string(utf8: entries[1].bytes(entry))
        }
        writer.endObject()
        guard let secrets = SealedSecrets(json: writer.copy()) else {
            preconditionFailure("an object of strings is what secrets are written as")
        }
        return secrets
    }
}

extension ColumnVector {
    /// The identifier in a row of texts; nil for what is none.
    package func identifier(_ row: Int) -> UUID? { UUID(spelling: bytes(row).bindMemory(to: UInt8.self)) }
}

extension RowReader {
    /// Where a chunk has the values of a unique key. Whoever reads them keeps the vectors.
    private struct KeyCells {
        let name: String
        private let cells: ColumnCells
        /// Of a list of structures: the field that has the key.
        private let elements: ColumnCells?
        private let keptType: (any StringValue.Type)?

        init(_ key: KeyColumn, _ vector: ColumnVector) {
            name = key.name
            cells = vector.cells
            keptType = key.keptType
            elements = key.field.map { vector.listElements.structFields[$0].cells }
        }

        /// The keys of a row, each once.
        static func keys(_ cells: [KeyCells], _ row: Int) -> [UniqueKey] {
            var keys: [UniqueKey] = []
            keys.reserveCapacity(4)
            for key in cells where !key.cells.isNull(row) {
                guard let elements = key.elements else {
                    keys.append(key.key(key.cells.bytes(row)))
                    continue
                }
                for element in key.cells.listRange(row) where !elements.isNull(element) {
                    keys.append(UniqueKey(name: key.name, utf8: elements.bytes(element)))
                }
            }
            keys.removeAll(where: \.identifiesNothing)
            keys.removeRepetitions()
            return keys
        }

        private func key(_ value: UnsafeRawBufferPointer) -> UniqueKey {
            guard let keptType, !keptType.isNormal(value.bindMemory(to: UInt8.self)) else {
                return UniqueKey(name: name, utf8: value)
            }
            return UniqueKey(name: name, value: keptType.key(ofStored: String(decoding: value, as: UTF8.self)))
        }
    }
}
