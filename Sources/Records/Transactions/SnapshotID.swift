package import Foundation

/// The ids of snapshots: times such as `2026-11-24T00-15-55.146Z`, which may stand in the name of any file, and sort as
/// the times do.
package enum SnapshotID {
    private static let length = "2026-11-24T00-15-55.146Z".utf8.count
    private static let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// A time in the form of an id.
    package static func text(at date: Date) -> String {
        format.format(date).replacing(":", with: "-")
    }

    /// Whether a text has the form of an id.
    package static func isValid(_ text: String) -> Bool {
        text.utf8.count == length && !text.contains(":") && date(of: text) != nil
    }

    /// The time of an id; nil for any other text.
    package static func date(of id: String) -> Date? {
        guard let separator = id.firstIndex(of: "T") else { return nil }
        let time = id[separator...].replacing("-", with: ":")
        do {
            return try format.parse("\(id[..<separator])\(time)")
        } catch {
            return nil
        }
    }
}
