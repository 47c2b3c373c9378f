import Foundation
import Inventory
import Logging
import Schema
import Store

/// A store in a folder of its own, which goes with it.
final class StoreUnderTest: Sendable {
    let store: InventoryStore
    let folder: URL

    /// - Parameter original: A folder to begin with a copy of.
    init(copying original: URL? = nil, snapshotsToKeep: Int = 24, restores: Bool = true) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)")
        if let original { try FileManager.default.copyItem(at: original, to: folder) }
        store = try await InventoryStore(
            InventoryStore.Configuration(
                dataDirectory: self.folder,
                snapshotsToKeep: snapshotsToKeep,
                restores: restores
            ),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)  // The system clears its temporary folder.
    }

    /// Another store that finds on disk what this one has left there, as after a restart.
    func reopened() async throws -> StoreUnderTest {
        try await StoreUnderTest(copying: folder)
    }

    @discardableResult
    func create(_ kind: Kind, _ text: String, author: String? = nil) async throws -> JSONValue {
        let submission = try store.intake.submission(of: parsed(text), kind)
        return try await commit(.create(submission), author: author)
    }

    @discardableResult
    func replace(_ kind: Kind, _ reference: String, _ text: String) async throws -> JSONValue {
        let stored = store.resource(kind, reference)?.stored
        let submission = try store.intake.submission(of: parsed(text), kind, replacing: stored)
        return try await commit(.replace(kind.reference(reference), submission))
    }

    func delete(_ kind: Kind, _ reference: String) async throws {
        _ = try await store.commit(Transaction(author: nil, [.delete(kind, kind.reference(reference))]))
    }

    private func commit(_ operation: Transaction.Operation, author: String? = nil) async throws -> JSONValue {
        let outcome = try await store.commit(Transaction(author: author, [operation]))[0]
        return try parsed(outcome.stored?.document ?? [])
    }

    /// The document that a GET would answer.
    func get(_ kind: Kind, _ reference: String) throws -> JSONValue? {
        try store.resource(kind, reference).map { try parsed($0.stored.document) }
    }

    /// Everything there is: documents, versions and sealed secrets by kind and id.
    var contents: [ResourceID: StoredResource] {
        Dictionary(
            uniqueKeysWithValues: Kind.allCases.flatMap { kind in
                store.directory.all(kind).map { (ResourceID(kind, $0.id), $0.stored) }
            }
        )
    }
}

func parsed(_ text: String) throws -> JSONValue {
    try parsed(Array(text.utf8))
}

func parsed(_ bytes: [UInt8]) throws -> JSONValue {
    try JSONValue(parsing: bytes)
}

extension JSONValue {
    /// The string at a place such as `/bmc/id`.
    func text(_ pointer: String) -> String? {
        guard let pointer = JSONPointer(pointer), case .string(let text)? = self[pointer] else { return nil }
        return text
    }
}

/// The reason and the messages of the refusal that an operation ends with.
func refusal(of operation: () async throws -> Void) async throws -> (reason: Refusal.Reason, text: String)? {
    do {
        try await operation()
        return nil
    } catch let refusal as Refusal {
        let violations = refusal.problems.flatMap(\.violations).map(\.description)
        return (refusal.problems[0].reason, (violations + [refusal.description]).joined(separator: "; "))
    }
}
