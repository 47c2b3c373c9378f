import Completeness
import Foundation
import HTTPSupport
import Inventory
import Logging
import Records
import Scheduling
import Schema
import Store
import TestSupport

/// A search that is accepted is carried out; it finds as many resources as it counts, and its pages make up the whole.
struct SearchCheck {
    private let home = TestFolder()
    private let store: InventoryStore
    private let caller = Caller()

    private static let resources: [(kind: String, documents: String)] = [
        (
            "ComputeNode",
            """
            [{"hostname":"nid000001","xname":"x1000c0s0b0n0","architecture":"x86_64","boot_mac":"02:00:5e:00:00:01",
              "boot_ipv4_address":"10.0.0.1","bmc":{"username":"root","password":"pw","mac_address":"02:00:5e:00:10:01"}},
             {"hostname":"nid000002","xname":"x1000c0s0b0n1","architecture":"arm64","boot_ipv6_address":"fd00::1",
              "network_interfaces":[{"interface_name":"hsn0","mac_address":"02:00:5e:00:00:02","ipv4_address":"10.1.0.2"}]},
             {"hostname":"login.example","architecture":"x86_64","description":"a*b?c [1]\\\\"}]
            """
        ),
        (
            "NodeCollection",
            #"[{"name":"p","type":"partition","nodes":["x1000c0s0b0n0"]},{"name":"q","type":"job","nodes":[]}]"#
        ),
        (
            "Component",
            #"[{"ID":"x1000","Type":"Cabinet"},{"ID":"x9","Type":"Cabinet"},{"ID":"x1000c0s0b0n0","Type":"Node"}]"#
        ),
    ]

    init() async throws {
        var configuration = StoreConfiguration(DataDirectory(home.folder))
        configuration.fsync = .never
        store = try await InventoryStore(
            configuration,
            logger: Logger(label: "store") { _ in SwiftLogNoOpLogHandler() }
        )
        for (kind, documents) in Self.resources {
            guard let kind = Kind(name: kind) else { throw Finding("no kind \(kind)") }
            _ = try await store.commit(
                Transaction(author: nil, store.intake.creations(of: Array(documents.utf8), kind))
            )
        }
    }

    @Sendable func check(_ bytes: [UInt8]) async throws {
        guard let (kind, query) = Kind.first(of: bytes) else { return }
        do {
            try await check(kind, String(decoding: query, as: UTF8.self).queryParameters())
        } catch is Problem {
            // It is no query.
        } catch is InvalidValue {
            // A parameter beside the conditions has no such value.
        } catch let refusal as Refusal where refusal.problems.allSatisfy({ $0.reason != .unavailable }) {
            // A condition is none, the moment is yet to come, or it takes too long.
        }
    }

    private func check(_ kind: Kind, _ parameters: [(name: String, value: String)]) async throws {
        let reserved: Set = ["sort", "fields", "limit", "at", "cursor"]
        func value(_ name: String) -> String? { parameters.last { $0.name == name }?.value }
        var search = try Search(kind, parameters: parameters.filter { !reserved.contains($0.name) })
        if let order = try value("sort").map({ text in try SearchOrder(kind, text) }) { search.order = order }
        let selection = try value("fields").map { text in try FieldSelection(kind, text) }
        let reader = store.reader(at: try value("at").map(Moment.init), for: caller)
        if let cursor = value("cursor") {
            // The JSON in it may stand there as it is, too.
            search.cursor = try search.order.cursor(
                cursor.hasPrefix("[") ? Data(cursor.utf8).base64EncodedString().replacing("=", with: "") : cursor
            )
            _ = try await reader.search(search)
            search.cursor = nil
        }
        let whole = try await reader.search(search).resources.map { $0 }
        try Finding.unless(
            try await reader.count(search).count == whole.count,
            "\(whole.count) resources are counted otherwise"
        )
        if let selection { for (_, stored) in whole { _ = try JSONValue(parsing: selection.document(of: stored)) } }
        search.limit = value("limit").flatMap(Int.init).flatMap { (1...8).contains($0) ? $0 : nil } ?? 2
        var paged: [UUID] = []
        repeat {
            let page = try await reader.search(search)
            paged += page.resources.map(\.id)
            search.cursor = try page.next.map { next in try cursor("\(next)", search.order) }
        } while search.cursor != nil && paged.count <= whole.count
        try Finding.unless(paged == whole.map(\.id), "\(whole.map(\.id)) by pages are \(paged)")
    }

    /// Reads the cursor of a page, which is always one.
    private func cursor(_ text: String, _ order: SearchOrder) throws(Finding) -> SearchCursor {
        do throws(InvalidValue) {
            return try order.cursor(text)
        } catch {
            throw Finding("the cursor \(text) \(error.message)")
        }
    }
}
