import Foundation
import Inventory
import Schema
import Tables
import Testing

extension Snapshot {
    /// The Parquet file of a kind, which is there.
    func parquet(_ kind: Kind) throws -> URL {
        try #require(file(of: kind))
    }

    /// Changes what the manifest says.
    func editManifest(_ change: (inout JSONValue) throws -> Void) throws {
        let file = folder.appending(path: "manifest.json")
        var manifest = try parsed(Array(Data(contentsOf: file)))
        try change(&manifest)
        try Data(manifest.bytes).write(to: file)
    }
}
