import DuckDB
import Inventory
import Schema
import Tables

/// A table that statements can read.
package struct QueryTable: Sendable {
    package let name: String
    /// What is in it, in words.
    package let description: String
    package let columns: [Column]

    package struct Column: Sendable {
        package let name: String
        /// As SQL writes it.
        package let type: String
        /// What it is, in words; nil where nobody has said it.
        package let description: String?

        init(_ name: String, _ type: String, _ description: String?) {
            self.name = name
            self.type = type
            self.description = description
        }
    }

    /// Every table.
    package static let all =
        ResourceTable.all.map(present) + FlatTable.all.map(\.table) + [snapshots]
        + ResourceTable.all.map(history) + [changes]

    /// The resources of a kind.
    private static func present(_ table: ResourceTable) -> QueryTable {
        QueryTable(
            name: table.kind.tableName,
            description: "Every \(table.kind): one row each, a column for each field.",
            columns: fields(of: table)
        )
    }

    /// The resources of a kind in every snapshot.
    private static func history(_ table: ResourceTable) -> QueryTable {
        QueryTable(
            name: table.kind.historyTableName,
            description: "Every \(table.kind) in every snapshot that is kept.",
            columns: [
                Column(snapshotColumn, "VARCHAR", "Id of the snapshot."),
                Column(takenAtColumn, "TIMESTAMP WITH TIME ZONE", "When the snapshot was taken."),
            ] + fields(of: table)
        )
    }

    static let snapshotColumn = "snapshot"
    static let takenAtColumn = "taken_at"

    private static func fields(of table: ResourceTable) -> [Column] {
        let fields = table.kind.resourceType.fields
        return table.columns.map { column in
            Column(column.name, column.type.sql, fields.first { $0.name == column.name }?.documentation)
        }
            + [Column(ResourceTable.versionColumn, "UBIGINT", "Number of the transaction that changed it last.")]
    }

    static let snapshots = QueryTable(
        name: "snapshots",
        description: "The snapshots that are kept.",
        columns: [
            Column("id", "VARCHAR", "Id of the snapshot."),
            Column(takenAtColumn, "TIMESTAMP WITH TIME ZONE", "When it was taken."),
            Column("sequence", "UBIGINT", "Number of the last transaction in it."),
            Column("size", "BIGINT", "Bytes of all its files."),
            Column("resources", "BIGINT", "How many resources it holds."),
        ]
    )

    static let changes = QueryTable(
        name: "changes",
        description: "What transactions did to resources, as far back as the journal is kept: one row for each.",
        columns: [
            Column("sequence", "UBIGINT", "Number of the transaction."),
            Column("time", "TIMESTAMP WITH TIME ZONE", "When it was accepted."),
            Column("author", "VARCHAR", "Subject of the token that asked for it."),
            Column("reason", "VARCHAR", "Why, where somebody said so."),
            Column("op", "VARCHAR", "put or delete."),
            Column("kind", "VARCHAR", "Kind of the resource."),
            Column("id", "VARCHAR", "Identifier of the resource."),
            Column("document", "JSON", "The resource from then on; NULL after a deletion."),
            Column("patch", "JSON", "What makes the document of the one before it (RFC 6902)."),
        ]
    )
}

extension Kind {
    /// The name of the table of the kind's resources, such as `compute_nodes`.
    var tableName: String { Self.plural(singularName) }

    /// The name of the table of the kind's resources in all snapshots, such as `history_compute_nodes`.
    var historyTableName: String { "history_\(tableName)" }

    /// The name as SQL spells names: `compute_node`, `bmc`.
    var singularName: String {
        var words = ""
        var previous: Character?
        for character in name {
            if character.isUppercase, let previous, previous.isLowercase { words += "_" }
            words += character.lowercased()
            previous = character
        }
        return words
    }

    private static func plural(_ name: String) -> String {
        if name.hasSuffix("y") { return "\(name.dropLast())ies" }
        return name + (["s", "x", "ch", "sh"].contains { name.hasSuffix($0) } ? "es" : "s")
    }
}
