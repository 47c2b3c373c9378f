import ArgumentParser
import Query

/// How an answer is shown, or written to a file.
enum AnswerFormat: String, ExpressibleByArgument, CaseIterable {
    case table, csv, json, ndjson, parquet

    /// What the answer comes as.
    var queryFormat: QueryFormat {
        switch self {
        case .table, .ndjson: .ndjson
        case .csv: .csv
        case .json: .json
        case .parquet: .parquet
        }
    }

    /// The format of a file; nil where its ending does not say.
    init?(file: String) {
        guard let dot = file.lastIndex(of: ".") else { return nil }
        switch file[file.index(after: dot)...].lowercased() {
        case "csv": self = .csv
        case "json": self = .json
        case "ndjson", "jsonl": self = .ndjson
        case "parquet": self = .parquet
        default: return nil
        }
    }
}
