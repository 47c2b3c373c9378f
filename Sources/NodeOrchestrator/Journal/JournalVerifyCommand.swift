import ArgumentParser
import Completeness
import Foundation
import Journal
import Records

/// Checks the journal.
struct JournalVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every line of the journal, and that no file is missing.",
        discussion: """
            The exit status is 1 if the journal is damaged, or if a file is missing or belongs to another inventory. \
            A last line that a crash left half-written is no damage: the next start cuts it off. Nothing is changed, \
            so a server may be using the data folder.
            """,
        examples: ["journal verify", "journal verify --data-dir /var/lib/node-orchestrator"]
    )

    @OptionGroup
    var store: StoreOptions

    func run() throws {
        let directory = try store.existing()
        let inspection = try JournalInspection(directory)
        if !inspection.segments.isEmpty {
            print(Self.table(inspection.segments).lines.joined(separator: "\n"))
        }
        for note in inspection.notes { print(note) }
        guard inspection.isDamaged else { return }
        let damages = inspection.segments.compactMap { segment -> String? in
            guard case .damaged(let line, let reason) = segment.state else { return nil }
            let file = directory.journal.appending(path: segment.name)
            return "\(file.path), line \(line): \(reason)"
        }
        let lines = ["the journal is damaged:"] + (damages + inspection.faults.map(\.description)).map { "  \($0)" }
        throw CommandError(
            lines.joined(separator: "\n")
                + "\nSee what can be done, and what it costs: node-orchestrator journal repair --dry-run"
        )
    }

    private static func table(_ segments: [JournalInspection.SegmentReport]) -> TextTable {
        var table = TextTable([
            .init(title: "SEGMENT"), .init(title: "FROM", isNumber: true), .init(title: "TO", isNumber: true),
            .init(title: "TRANSACTIONS", isNumber: true), .init(title: "SIZE", isNumber: true), .init(title: "STATE"),
        ])
        for segment in segments {
            table.add([
                segment.name, String(segment.first), segment.last.map(String.init) ?? "-",
                String(segment.transactions), ByteSizeArgument.rounded(segment.bytes), segment.state.text,
            ])
        }
        return table
    }
}

extension JournalInspection.SegmentReport.State {
    fileprivate var text: String {
        switch self {
        case .good: "good"
        case .ended: "good, ended by a clean stop"
        case .torn(let line, let reason, let bytes):
            "torn in line \(line): \(reason); the next start cuts it off, \(bytes) bytes"
        case .damaged(let line, let reason): "DAMAGED in line \(line): \(reason)"
        }
    }
}
