import Foundation
import HTTPSupport
import Hummingbird
import Inventory
import InventoryHTTP
import Records
import Schema
import Store

/// What the query of a request to `/{Kind}` asks for: conditions, and in which form the answer is wanted.
struct SearchRequest {
    var search: Search
    /// The moment as of which the inventory is searched; nil for now.
    var moment: Moment?
    /// The fields that are answered; nil for whole documents.
    var selection: FieldSelection?
    /// Whether only the number of resources is wanted.
    var countsOnly: Bool
    /// How many resources must match for anything to be changed.
    var expected: Int?
    var isDryRun: Bool
    /// The conditions as they came.
    private let conditions: [(name: String, value: String)]
    private let reserved: [String: String]

    /// Parameters that are no conditions, of requests that read and of those that write.
    private static let reading = ["sort", "fields", "limit", "count", "at", "cursor"]
    private static let writing = ["sort", "limit", "expect", "dry_run"]
    private static let allReserved = Set(reading + writing)

    /// Those whose values tell nothing of what is stored, as that of a cursor does.
    static let harmlessParameters = (reading + writing).filter { $0 != "cursor" }

    /// - Parameter writes: Whether the resources are to be changed.
    init(_ kind: Kind, _ request: Request, writes: Bool = false) throws {
        let allowed = writes ? Self.writing : Self.reading
        var reserved: [String: String] = [:]
        var conditions: [(name: String, value: String)] = []
        for (name, value) in try request.queryParameters() {
            guard Self.allReserved.contains(name) else {
                conditions.append((name, value))
                continue
            }
            guard allowed.contains(name) else {
                throw Problem(.badRequest, "The parameter \(name) cannot be used with \(request.method.rawValue).")
            }
            guard reserved.updateValue(value, forKey: name) == nil else {
                throw Problem(.badRequest, "The parameter \(name) comes twice.")
            }
        }
        search = try Search(kind, parameters: conditions)
        if let order = try reserved.value(of: "sort", { text in try SearchOrder(kind, text) }) {
            search.order = order
        }
        search.limit = try reserved.value(of: "limit") { text in try Self.number(text, from: 1) }
        search.cursor = try reserved.value(of: "cursor", search.order.cursor)
        moment = try reserved.value(of: "at", Moment.init)
        selection = try reserved.value(of: "fields") { text in try FieldSelection(kind, text) }
        countsOnly = try reserved.flag("count")
        expected = try reserved.value(of: "expect") { text in try Self.number(text, from: 0) }
        isDryRun = try reserved.flag("dry_run")
        self.conditions = conditions
        self.reserved = reserved
    }

    private static func number(_ text: String, from lowest: Int) throws(InvalidValue) -> Int {
        guard let number = Int(text), (lowest...Int(Int32.max)).contains(number), text.utf8.first != UInt8(ascii: "+")
        else {
            throw InvalidValue("is not a number of \(lowest) or more")
        }
        return number
    }

    /// The query of the page that follows, which is as of the same moment.
    func query(of result: SearchResult) -> String? {
        guard let next = result.next else { return nil }
        var parameters = conditions.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
        for (name, value) in reserved.sorted(by: { $0.key < $1.key }) where name != "at" && name != "cursor" {
            parameters.append("\(name)=\(value.percentEncoded)")
        }
        return (parameters + ["at=\(result.sequence)", "cursor=\(next)"]).joined(separator: "&")
    }
}
