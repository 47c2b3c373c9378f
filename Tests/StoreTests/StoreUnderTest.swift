import Foundation
import Inventory
import Logging
import Records
import Schema
import TestSupport

@testable import Store

/// A store in a folder of its own, which goes with it.
final class StoreUnderTest: Sendable {
    let store: InventoryStore
    let home: TestFolder

    /// Where it keeps its data.
    var folder: URL { home.folder }

    /// - Parameters:
    ///   - home: The folder, which may hold something already.
    ///   - configure: Changes what is not as a server has it.
    init(
        in home: TestFolder = TestFolder(),
        _ configure: (inout StoreConfiguration) -> Void = { _ in }
    ) async throws {
        self.home = home
        var configuration = StoreConfiguration(home.directory)
        // Small inventories have the segments of large ones.
        configuration.minimumSegmentSize = 0
        configure(&configuration)
        store = try await InventoryStore(
            configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Another store that finds on disk what this one has left there, as after the process was killed.
    func reopened(
        _ configure: (inout StoreConfiguration) -> Void = { _ in }
    ) async throws -> StoreUnderTest {
        try await StoreUnderTest(in: copied(), configure)
    }

    /// A copy of what this store has left on disk.
    func copied() throws -> TestFolder {
        try TestFolder(copying: folder)
    }

    @discardableResult
    func create(_ kind: Kind, _ text: String, author: String? = nil) async throws -> JSONValue {
        let submission = try store.intake.submission(of: parsed(text), kind)
        return try await commit(.create(submission), author: author)
    }

    /// Creates resources in one transaction.
    func create(_ kind: Kind, all documents: [String]) async throws {
        let array = "[\(documents.joined(separator: ","))]"
        _ = try await store.commit(Transaction(author: nil, store.intake.creations(of: Array(array.utf8), kind)))
    }

    @discardableResult
    func replace(_ kind: Kind, _ reference: String, _ text: String) async throws -> JSONValue {
        let submission = try store.intake.submission(of: parsed(text), kind, replacing: kind.reference(reference))
        return try await commit(Transaction.Operation(.replace(kind.reference(reference), submission)))
    }

    func delete(_ kind: Kind, _ reference: String) async throws {
        _ = try await store.commit(
            Transaction(author: nil, [Transaction.Operation(.delete(kind, kind.reference(reference)))])
        )
    }

    private func commit(_ operation: Transaction.Operation, author: String? = nil) async throws -> JSONValue {
        let outcome = try await store.commit(Transaction(author: author, [operation])).outcomes[0]
        return try parsed(outcome.stored?.document ?? [])
    }

    /// What a client's reference names now.
    func resource(_ kind: Kind, _ reference: String) -> (id: UUID, stored: StoredResource)? {
        store.directory.resource(kind, reference: kind.reference(reference))
    }

    /// The document that a GET would answer.
    func get(_ kind: Kind, _ reference: String) throws -> JSONValue? {
        try resource(kind, reference).map { try parsed($0.stored.document) }
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
