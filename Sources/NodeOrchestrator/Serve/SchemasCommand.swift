import ArgumentParser
import Foundation
import Inventory
import Records
import Schema

/// Writes the JSON Schemas for clients.
struct SchemasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schemas",
        abstract: "Write the JSON Schemas of the resources, for clients that validate what they send.",
        examples: ["schemas", "schemas --dir /srv/www/schemas"]
    )

    @Option(help: ArgumentHelp("Folder to write to, made where it does not exist.", valueName: "dir"))
    var dir = "schemas/"

    func run() throws {
        let folder = URL(filePath: dir, directoryHint: .isDirectory)
        let disk = Disk(mode: .open)
        try disk.createFolder(folder)
        for (name, schema) in InventorySchemas.all {
            try disk.replace(folder.appending(path: "\(name).json"), Array(schema.json.prettyText.utf8))
        }
    }
}
