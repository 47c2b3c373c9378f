import Audit
import Inventory
import Journal
import Scheduling
import Schema

/// A line of the audit log, or a transaction of the journal.
struct AuditRow {
    let time: Timestamp
    let who: String?
    let cells: [String]
    let json: JSONObject

    init(_ event: AuditEvent, _ members: JSONObject) {
        time = event.time
        who = event.who
        json = members
        cells = [
            event.time.millisecondText, event.kind.rawValue, event.who ?? "-", event.address,
            "\(event.method) \(event.path)",
            event.status.map(String.init) ?? "begins", event.request,
        ]
    }

    init(_ transaction: TransactionSummary) {
        time = transaction.time
        who = transaction.author
        var members: JSONObject = ["at": .string(time.millisecondText), "event": "transaction"]
        members["who"] = transaction.author.map(JSONValue.string)
        members["from"] = transaction.origin.map { .string($0.address) }
        members["request"] = transaction.origin.map { .string($0.request) }
        members["sequence"] = .number(JSONNumber(Int(transaction.sequence)))
        members["changes"] = .number(JSONNumber(transaction.changes))
        members["reason"] = transaction.reason.map(JSONValue.string)
        json = members
        let changes = transaction.changes == 1 ? "1 change" : "\(transaction.changes) changes"
        let what = ["\(transaction.sequence): \(changes)", transaction.reason].compactMap(\.self).joined(
            separator: ", "
        )
        cells = [
            time.millisecondText, "transaction", transaction.author ?? "-", transaction.origin?.address ?? "-", what,
            "-",
            transaction.origin?.request ?? "-",
        ]
    }
}
