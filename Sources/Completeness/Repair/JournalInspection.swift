import Foundation
package import Journal

/// Looks at the whole journal, and at what ought to be there, and changes nothing.
package struct JournalInspection {
    /// Oldest first.
    package private(set) var segments: [SegmentReport] = []
    /// What is missing, or belongs to another inventory.
    package private(set) var faults: [DataFault] = []
    /// Whether the next start adopts it from format 1.
    private let isOfFirstFormat: Bool

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
    package init(_ directory: DataDirectory) throws {
        let files = try DataFiles(directory)
        isOfFirstFormat = files.isOfFirstFormat
        faults = files.faults
        var last: SegmentSurvey?
        for (index, segment) in files.segments.enumerated() {
            let file = segment.file
            let size = try file.size
            let survey = try file.surveyWithChanges(files.expectation(of: index))
            if let error = file.error(survey), case .otherVersion = error { throw error }
            faults += files.pastFaults(survey)
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
            last = survey
        }
        if let last, let fault = files.endFault(last) { faults.append(fault) }
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
        !faults.isEmpty || segments.contains { if case .damaged = $0.state { true } else { false } }
    }

    /// What else there is to say, in sentences.
    package var notes: [String] {
        guard let oldest = segments.first else { return ["There is no journal."] }
        var notes: [String] = []
        if oldest.first > 1 {
            notes.append("The journal begins with \(oldest.first); what was before is in snapshots.")
        }
        if isOfFirstFormat { notes.append("It has format 1, which the next start will adopt.") }
        return notes
    }
}
