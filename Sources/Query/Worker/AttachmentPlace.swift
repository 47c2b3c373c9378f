import DuckDB
import Foundation
import ObjectStorage
import Records

/// What is at the location of an attachment.
enum AttachmentPlace {
    /// A database that DuckDB attaches, by the type that it has there.
    case database(path: String, type: DatabaseType)
    /// A DuckLake, by the whole address that DuckDB takes.
    case lake(String)
    /// Files, by a pattern, or a folder without one.
    case files(String)

    enum DatabaseType: String {
        case duckDB = "duckdb"
        case sqlite, postgres
    }

    /// Looks at a location.
    ///
    /// - Throws: ``QueryFailure`` for a file of a kind that is not known.
    init(_ location: String) throws(QueryFailure) {
        if location.hasPrefix("postgres://") || location.hasPrefix("postgresql://") {
            self = .database(path: location, type: .postgres)
            return
        }
        if location.hasPrefix("ducklake:") {
            self = .lake(location)
            return
        }
        if S3Location(location) != nil {
            self = .files(location)
            return
        }
        let path = URL(filePath: location).standardizedFileURL.path
        guard path.firstIndex(where: Self.isPattern) == nil else {
            self = .files(path)
            return
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw QueryFailure(.sourceAway, "there is no file or folder \(path)")
        }
        if isFolder.boolValue || FileFormat(ofFile: path) != nil {
            self = .files(path)
        } else if let type = try Self.databaseType(ofFile: path) {
            self = .database(path: path, type: type)
        } else {
            throw QueryFailure(
                .sourceAway,
                "\(path) is neither a database of SQLite or DuckDB nor ends with .parquet, .csv or .json"
            )
        }
    }

    /// Whether a character is one of a pattern.
    static func isPattern(_ character: Character) -> Bool { "*?[".contains(character) }

    /// By how the files begin (<https://sqlite.org/fileformat.html>, <https://duckdb.org/docs/stable/internals/storage>).
    private static func databaseType(ofFile path: String) throws(QueryFailure) -> DatabaseType? {
        let start: Data
        do {
            start = try FileHandle(forReadingFrom: URL(filePath: path)).read(upToCount: 16) ?? Data()
        } catch {
            throw QueryFailure(.sourceAway, "cannot read \(path): \(error.systemReason)")
        }
        if start == Data("SQLite format 3\0".utf8) { return .sqlite }
        return start.dropFirst(8).starts(with: "DUCK".utf8) ? .duckDB : nil
    }

    /// Whether a file of SQLite is in WAL mode (<https://sqlite.org/fileformat.html>: the read version is 2).
    static func hasWriteAheadLog(_ path: String) throws -> Bool {
        let start = try FileHandle(forReadingFrom: URL(filePath: path)).read(upToCount: 20) ?? Data()
        return start.count == 20 && start[start.startIndex + 19] == 2
    }

    /// The formats of files that DuckDB reads as tables.
    enum FileFormat: String, CaseIterable {
        case parquet, csv, json

        private var endings: [String] {
            switch self {
            case .parquet: ["parquet"]
            case .csv: ["csv", "csv.gz", "tsv"]
            case .json: ["json", "ndjson", "jsonl", "json.gz", "ndjson.gz"]
            }
        }

        /// The format that the name of a file, or a pattern, ends with.
        init?(ofFile name: String) {
            let name = name.lowercased()
            guard let format = Self.allCases.first(where: { $0.endings.contains { name.hasSuffix(".\($0)") } }) else {
                return nil
            }
            self = format
        }

        /// The patterns of the format's files.
        var patterns: [String] { endings.map { "**/*.\($0)" } }

        /// A FROM of files.
        func selection(_ paths: [String]) -> String {
            let list = paths.map(\.quotedLiteral).joined(separator: ", ")
            return switch self {
            case .parquet: "FROM read_parquet([\(list)], union_by_name = true)"
            case .csv: "FROM read_csv([\(list)], union_by_name = true)"
            case .json: "FROM read_json([\(list)], union_by_name = true)"
            }
        }
    }
}
