import Foundation
import Inventory
import ObjectStorage
package import Schema

/// Data of the site that statements may read beside the inventory: a database, or a folder of files.
package struct Attachment: Codable, Sendable, Equatable {
    /// What statements call it, in lower case.
    package let name: String
    /// Where it is, which can have a password in it.
    let location: String

    /// Names that DuckDB uses itself.
    private static let reserved =
        Set(
            ["main", "memory", "temp", "system", "information_schema", "pg_catalog"]
                + Kind.allCases.map { $0.name.lowercased() }
        )

    /// What the names of the catalogs begin with that have the program's own tables.
    static let catalogPrefix = "tables_"

    /// Reads `NAME=LOCATION`.
    package init(_ text: String) throws(InvalidValue) {
        guard let sign = text.firstIndex(of: "="), let name = String(text[..<sign]).plainName,
            let first = name.first, first.isLetter
        else {
            throw InvalidValue("is not NAME=LOCATION, with a name of letters from a to z, digits and _")
        }
        guard !Self.reserved.contains(name), !QueryTable.all.contains(where: { $0.name == name }),
            !name.hasPrefix(Self.catalogPrefix)
        else { throw InvalidValue("has a name that is already taken: \(name)") }
        location = String(text[text.index(after: sign)...])
        guard !location.isEmpty else { throw InvalidValue("has no location for \(name)") }
        guard !S3Location.isMeant(by: location) || S3Location(location) != nil else {
            throw InvalidValue("has a location of S3 for \(name) that \(S3Location.fault)")
        }
        self.name = name
    }

    /// The attachment where tables are listed; what it has is not looked at.
    var table: QueryTable {
        QueryTable(
            name: name,
            description:
                "Attached data of the site: a table, or a database whose tables SHOW TABLES FROM \(name) lists.",
            columns: []
        )
    }
}

extension String {
    /// A name of letters from a to z, digits and `_` in lower case; nil for any other.
    var plainName: String? {
        let isPlain = utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
        return isPlain ? lowercased() : nil
    }
}
