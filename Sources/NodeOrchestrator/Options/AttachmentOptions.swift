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
        ),
        transform: Self.read
    )
    var attach: [Attachment] = []

    @Option(help: "Folder of DuckDB's extensions. (default: duckdb-extensions beside DuckDB's library)")
    var extensionDir: String?

    private static func read(_ text: String) throws -> Attachment {
        do throws(InvalidValue) {
            return try Attachment(text)
        } catch {
            throw ValidationError("it \(error)")
        }
    }

    func validate() throws {
        var names: Set<String> = []
        for attachment in attach where !names.insert(attachment.name).inserted {
            throw ValidationError("--attach gives the name \(attachment.name) twice.")
        }
    }

    func set(_ limits: inout QueryLimits) {
        limits.attachments = attach
        limits.access = AttachmentAccess(
            environment: ProcessInfo.processInfo.environment,
            extensions: extensionDir.map { URL(filePath: $0, directoryHint: .isDirectory) }
        )
    }
}
