import ArgumentParser
import Audit
import Completeness
import Foundation
import Inventory
import Journal
import Records
import Schema
import Store

/// Shows who has done what.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show who has done what, by the audit log and the journal, and check both.",
        discussion: """
            The exit status is 1 if a line of the audit log was changed, added or taken out, or if the journal is damaged. \
            Only files are read, so a server may be using the data folder.
            """,
        examples: ["audit --since 2h", "audit --who alice --since 2026-11-23T18:00:05Z", "audit --json"]
    )

    @OptionGroup
    var store: StoreOptions

    @Option(help: ArgumentHelp("Only what this subject has done.", valueName: "name"))
    var who: String?

    @Option(
        help: ArgumentHelp(
            "Only what came after a time, or within the last so long. (default: all)",
            valueName: "time"
        ),
        transform: Since.read
    )
    var since: Since?

    @Option(
        help: ArgumentHelp("File of the audit log. (default: audit/audit.log in the data folder)", valueName: "file")
    )
    var auditLog: String?

    @Flag(help: "Print JSON, an object a line.")
    var json = false

    /// The earliest time that is shown.
    struct Since: SpelledArgument {
        static var forms: String { "a time such as 2026-11-23T18:00:05Z, or how long ago, such as 30s, 5m, 2h or 7d" }

        let time: Timestamp

        init?(argument: String) {
            if let ago = DurationArgument(argument: argument) {
                time = Timestamp(millisecondOf: Date() - TimeInterval(ago.seconds))
            } else {
                guard let time = Timestamp(nearest: argument) else { return nil }
                self.time = time
            }
        }
    }

    func run() throws {
        let directory = try store.existing()
        let file = AuditFile(auditLog.map { URL(filePath: $0) } ?? directory.audit)
        guard FileManager.default.fileExists(atPath: file.path.path) else {
            throw CommandError("there is no audit log \(file.path.path); give the server's with --audit-log")
        }
        var rows: [AuditRow] = []
        let faults = try file.read { event, members in
            if since.map({ event.time >= $0.time }) ?? true { rows.append(AuditRow(event, members)) }
        }
        var complaints = faults.map(\.description)
        do {
            rows += try OfflineHistory(directory).journal.summaries(since: since?.time).map { AuditRow($0) }
        } catch let error as JournalError {
            complaints.append("\(error)")
        }
        if let who { rows.removeAll { $0.who != who } }
        show(rows.sorted { $0.time < $1.time })
        guard complaints.isEmpty else {
            throw CommandError(
                "this is not as it was written:\n" + complaints.map { "  \($0)" }.joined(separator: "\n")
            )
        }
    }

    private func show(_ rows: [AuditRow]) {
        if json {
            for row in rows { print(JSONValue.object(row.json).text) }
        } else if !rows.isEmpty {
            var table = TextTable(
                ["TIME", "EVENT", "WHO", "FROM", "WHAT", "STATUS", "REQUEST"].map { .init(title: $0) }
            )
            for row in rows { table.add(row.cells.map(\.printable)) }
            print(table.lines.joined(separator: "\n"))
        }
    }
}
