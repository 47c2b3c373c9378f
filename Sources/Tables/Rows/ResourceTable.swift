import DuckDB
import Foundation
package import Inventory

/// The table of one kind: a column a field, then the version and the sealed secrets of each resource.
package struct ResourceTable: Sendable {
    package let kind: Kind
    package let columns: [ColumnType.Column]

    /// Sequence number of a resource's last change.
    package static let versionColumn = "_version"
    /// Sealed secrets by JSON pointer.
    package static let secretsColumn = "_secrets"

    /// A table for each kind.
    package static let all = Kind.allCases.map(ResourceTable.init)

    /// The table of a kind.
    package static func of(_ kind: Kind) -> ResourceTable {
        guard let table = all.first(where: { $0.kind == kind }) else { preconditionFailure("every kind has a table") }
        return table
    }

    private init(kind: Kind) {
        self.kind = kind
        columns = ColumnType.columns(of: kind.schema)
    }

    /// The table's name in SQL.
    package var name: String { kind.name.quotedIdentifier }

    /// The identifier's column in SQL.
    package var identifier: String { kind.identifierKey.quotedIdentifier }

    /// All columns in SQL, in order, by name and type.
    var definitions: [(name: String, type: String)] {
        columns.map { ($0.name.quotedIdentifier, $0.type.sql) } + [
            (Self.versionColumn, "UBIGINT"), (Self.secretsColumn, "MAP(VARCHAR, VARCHAR)"),
        ]
    }

    /// Makes the table.
    package var createStatement: String { Self.createStatement(name, definitions) }

    /// The table of what a snapshot has in a kind's own file, without sealed secrets.
    package var exportStatement: String { Self.createStatement(name, definitions.dropLast()) }

    private static func createStatement(
        _ name: String,
        _ definitions: some Sequence<(name: String, type: String)>
    ) -> String {
        "CREATE TABLE \(name)(\(definitions.map { "\($0.name) \($0.type)" }.joined(separator: ", ")));"
    }

    /// As ``createStatement``, for a connection of its own.
    package var createTemporaryStatement: String {
        createStatement.replacing("CREATE TABLE", with: "CREATE TEMP TABLE", maxReplacements: 1)
    }

    /// Where the identifiers of rows stand that are about to be removed.
    static let removalTable = "removed"

    /// Makes ``removalTable`` on a connection.
    package static var createRemovalStatement: String { "CREATE TEMP TABLE \(removalTable)(id VARCHAR);" }

    /// Removes the rows whose identifiers stand in ``removalTable``, and clears that.
    var removalStatements: String {
        """
        DELETE FROM \(name) WHERE \(identifier) IN (SELECT id FROM \(Self.removalTable));
        DELETE FROM \(Self.removalTable);
        """
    }
}
