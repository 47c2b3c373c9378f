import Journal

/// Why a command does not do what it was asked.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension CommandError {
    /// An error of the journal, with the commands that help.
    init(_ error: JournalError) {
        let advice =
            switch error {
            case .damaged:
                ". See what is wrong with: node-orchestrator journal verify. Keep a copy of the data directory, then go on with "
                    + "what is good: node-orchestrator journal repair"
            case .otherVersion: ""
            case .unknownFields:
                ". With --drop-unknown-fields a start goes on without them, and they are lost with the next snapshot"
            case .incomplete:
                "\nPut back what is missing, or take away what does not belong here. What going on without it costs is said "
                    + "by: node-orchestrator journal repair --dry-run"
            }
        self.init(error.description + advice)
    }
}
