import Foundation

/// Looks at the whole journal and changes nothing.
package struct JournalInspection {
    /// Oldest first.
    package private(set) var segments: [SegmentReport] = []

    /// What was found in a segment.
    package struct SegmentReport: Sendable {
        package var name: String
        /// The first number that it may hold.
        package var first: UInt64
        /// The last transaction that counts; nil where there is none.
        package var last: UInt64?
        package var transactions: Int
        package var bytes: Int
        package var state: State

        package enum State: Sendable {
            case good
            /// A clean stop ended it.
            case ended
            /// A crash has left something half-written, which the next start cuts off.
            case torn(line: Int, reason: String, bytes: Int)
            case damaged(line: Int, reason: String)
        }
    }

    /// Reads every line of every segment.
    ///
    /// - Throws: ``JournalError`` when a segment was written by another version of the program.
    package init(_ folder: JournalFolder) throws {
        let files = try folder.segments()
        for (index, file) in files.enumerated() {
            let successor = files.dropFirst(index + 1).first?.first
            let size = try file.size
            let survey = try SegmentSurvey(file, successor: successor, checksChanges: true)
            try survey.checkFormat(of: file)
            segments.append(
                SegmentReport(
                    name: file.name,
                    first: file.first,
                    last: survey.count > 0 ? survey.last : nil,
                    transactions: survey.count,
                    bytes: size,
                    state: Self.state(of: survey, size: size)
                )
            )
        }
    }

    private static func state(of survey: SegmentSurvey, size: Int) -> SegmentReport.State {
        guard let fault = survey.fault else { return survey.end == nil ? .good : .ended }
        let reason = fault.damage.description
        return survey.isDamaged
            ? .damaged(line: fault.line, reason: reason)
            : .torn(line: fault.line, reason: reason, bytes: size - survey.goodSize)
    }

    /// Whether a start would be refused, or history is missing.
    package var isDamaged: Bool {
        segments.contains { if case .damaged = $0.state { true } else { false } }
    }

    /// What else there is to say, in sentences.
    package var notes: [String] {
        guard let oldest = segments.first else { return ["There is no journal."] }
        return oldest.first == 1 ? [] : ["The journal begins with \(oldest.first); what was before is in snapshots."]
    }
}
