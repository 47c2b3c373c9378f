import DuckDB
import Foundation
import Inventory
import Schema

/// Makes documents, and what they are found by, from rows of a projection's table, without a detour over Swift values.
struct RowReader {
    private let kind: Kind
    private let columns: [ColumnType.Column]
    private let identifier: Int
    private let keys: [KeyColumn]
    private let bmc: (column: Int, field: Int)?

    /// A column that a unique key is in.
    private struct KeyColumn {
        var name: String
        var column: Int
        /// Of a list of structures: the field that has the key.
        var field: Int?
    }

    init(_ table: ProjectionTable) {
        kind = table.kind
        columns = table.columns
        identifier = Self.index(of: kind.identifierKey, in: columns)
        keys = kind.resourceType.fields.compactMap { [columns] field -> KeyColumn? in
            guard let key = field.uniqueKey else { return nil }
            let column = Self.index(of: field.name, in: columns)
            let element = field.uniqueElementKey.map { Self.index(of: $0, in: Self.fields(of: columns[column].type)) }
            return KeyColumn(name: key, column: column, field: element)
        }
        bmc = kind == .computeNode ? Self.bmcColumn(in: columns) : nil
    }

    private static func bmcColumn(in columns: [ColumnType.Column]) -> (column: Int, field: Int) {
        let column = index(of: "bmc", in: columns)
        return (column, index(of: Kind.bmc.identifierKey, in: fields(of: columns[column].type)))
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
        let fields = zip(columns, vectors).map { FieldWriter($0, $1) }
        let versions = chunk[columns.count]
        let secrets = chunk[columns.count + 1]
        var writer = JSONWriter()
        return try (0..<chunk.count).map { row in
            writer.removeAll()
            FieldWriter.writeObject(fields, row, to: &writer)
            return Change(
                resource: ResourceID(kind, vectors[identifier].uuid(row)),
                stored: StoredResource(
                    document: Array(writer.bytes),
                    version: versions.uint64(row),
                    secrets: Self.secrets(secrets, row)
                ),
                indexBefore: nil,
                index: try index(vectors, row, document: writer.bytes)
            )
        }
    }

    private func index(_ vectors: [ColumnVector], _ row: Int, document: [UInt8]) throws -> IndexEntry {
        // The one kind whose rules reserve keys beside the declared ones.
        if kind == .nodeCollection {
            var unknown: Set<String> = []
            return IndexEntry(of: try kind.readable(document, unknown: &unknown))
        }
        var entry = IndexEntry()
        for key in keys where !vectors[key.column].isNull(row) {
            let vector = vectors[key.column]
            guard let field = key.field else {
                entry.keys.append(UniqueKey(name: key.name, utf8: vector.bytes(row)))
                continue
            }
            let values = vector.listElements.structFields[field]
            for element in vector.listRange(row) where !values.isNull(element) {
                entry.keys.append(UniqueKey(name: key.name, utf8: values.bytes(element)))
            }
        }
        entry.keys = entry.keys.withoutRepetition
        if let bmc, !vectors[bmc.column].isNull(row) {
            let ids = vectors[bmc.column].structFields[bmc.field]
            if !ids.isNull(row) { entry.bmc = ids.uuid(row) }
        }
        return entry
    }

    private static func secrets(_ vector: ColumnVector, _ row: Int) -> SealedSecrets {
        guard !vector.isNull(row) else { return SealedSecrets() }
        let entries = vector.listElements.structFields
        return SealedSecrets(
            vector.listRange(row).map { (entries[0].text($0), SealedSecret(entries[1].text($0))) }
        )
    }
}
