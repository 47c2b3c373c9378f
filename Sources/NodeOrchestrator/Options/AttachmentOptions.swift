import ArgumentParser
import Foundation
import Query
import Schema

/// Data of the site that statements of SQL may read beside the inventory.
struct AttachmentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Database or folder of files that queries may read under a name; may be repeated.",
            valueName: "name=location"
        )
    )
    var attach: [String] = []

    @Option(
        help: ArgumentHelp(
            "Folder of DuckDB's extensions. (default: duckdb-extensions beside DuckDB's library)",
            valueName: "dir"
        )
    )
    var extensionDir: String?

    /// Not by the parser, which would print a location with its password.
    private func attachments() throws -> [Attachment] {
        try attach.map { text in
            do throws(InvalidValue) {
                return try Attachment(text)
            } catch {
                throw ValidationError("--attach \(text.prefix { $0 != "=" }): it \(error).")
            }
        }
    }

    func validate() throws {
        var names: Set<String> = []
        for attachment in try attachments() where !names.insert(attachment.name).inserted {
            throw ValidationError("--attach gives the name \(attachment.name) twice.")
        }
    }

    func set(_ limits: inout QueryLimits) throws {
        limits.attachments = try attachments()
        let extensions = extensionDir.map { URL(filePath: $0, directoryHint: .isDirectory) }
        limits.access = {
            AttachmentAccess(environment: ProcessInfo.processInfo.environment, extensions: extensions)
        }
    }
}
