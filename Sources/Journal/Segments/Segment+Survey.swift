import Foundation
package import Records

extension JournalFolder.Segment {
    /// Reads the segment from its beginning to its end.
    ///
    /// - Parameter visit: Gets each line of each transaction that counts, in order, with its bytes; what it throws is a
    ///   fault of the line.
    func survey(
        _ expectation: SegmentSurvey.Expectation,
        visit: (SegmentSurvey.Line, UnsafeRawBufferPointer) throws(JournalDamage) -> Void = {
            _,
            _ throws(JournalDamage) in
        }
    ) throws(DiskError) -> SegmentSurvey {
        let data = try contents()
        return data.withUnsafeBytes { bytes in
            var survey = SegmentSurvey(first: first, expectation)
            var lines = LineIterator(bytes)
            var isVoid = false
            while survey.fault == nil, !isVoid, let line = lines.next() {
                switch survey.take(line, line.bytes(in: bytes)) {
                case .goOn, .fault: break
                case .void: isVoid = true
                case .transaction(let parts): Self.accept(parts, in: bytes, &survey, visit)
                }
            }
            survey.finish(at: lines.number, isVoid: isVoid)
            if survey.fault != nil {
                while let line = lines.next() { survey.takeBehindFault(line, line.bytes(in: bytes)) }
            }
            return survey
        }
    }

    private static func accept(
        _ parts: [SegmentSurvey.Line],
        in bytes: UnsafeRawBufferPointer,
        _ survey: inout SegmentSurvey,
        _ visit: (SegmentSurvey.Line, UnsafeRawBufferPointer) throws(JournalDamage) -> Void
    ) {
        for part in parts {
            do throws(JournalDamage) {
                try visit(part, UnsafeRawBufferPointer(rebasing: bytes[part.range]))
            } catch {
                survey.refuse(part, error)
                return
            }
        }
        survey.accept(parts)
    }

    /// As ``survey(_:visit:)``, and reads every change.
    package func surveyWithChanges(_ expectation: SegmentSurvey.Expectation) throws(DiskError) -> SegmentSurvey {
        try survey(expectation) { _, bytes throws(JournalDamage) in _ = try JournalLine.record(bytes) }
    }

    /// The error that a fault of the segment is; nil for none, and for a torn tail.
    package func error(_ survey: SegmentSurvey) -> JournalError? {
        guard let fault = survey.fault else { return nil }
        if fault.damage.isOfOtherVersion {
            let program = fault.damage.program ?? survey.header?.program
            return .otherVersion(file: path.path, line: fault.line, reason: fault.damage.description, program: program)
        }
        return survey.isDamaged
            ? .damaged(file: path.path, line: fault.line, reason: fault.damage.description) : nil
    }
}
