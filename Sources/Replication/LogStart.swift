package import Foundation
import Inventory
import PostgreSQL
package import Records

/// What a start asks of a shared log, before this server takes part in it.
package struct LogStart {
    private let configuration: SharedLogConfiguration
    private let head: LogHead?
    /// Why the log is out of reach.
    private let failure: PostgresError?

    /// - Throws: ``LogError`` where the log is there and cannot be used. One that is out of reach for now is no reason not to
    ///   start.
    package init(_ configuration: SharedLogConfiguration) throws {
        self.configuration = configuration
        do {
            head = try SharedLog(configuration.location, lease: configuration.lease).head()
            failure = nil
        } catch let error as PostgresError where error.kind == .connection {
            head = nil
            failure = error
        }
    }

    /// Makes sure that a credential key may be made: only for a log in which nothing has been sealed with another one.
    ///
    /// - Parameter file: Where it would be.
    package func checkThatKeysMayBeMade(_ file: URL) throws(LogError) {
        if let head, !head.keys.isEmpty { throw .missingKeys(head.keys, file: file) }
    }

    /// Makes sure that a secret may be made with which tokens are signed: only for a log that nobody has begun.
    ///
    /// - Parameter file: Where it would be.
    package func checkThatTokensMayBeSigned(_ file: URL) throws(LogError) {
        if head != nil { throw .missingTokenKey(file) }
    }

    /// The inventory that this server has from now on; nil for a new one.
    ///
    /// - Parameter local: The one that its data directory has.
    package func inventory(local: UUID?) throws -> UUID? {
        if let failure, local == nil { throw LogError.outOfReach(failure) }
        guard let head else { return local }
        if let local, local != head.inventory { throw LogError.otherInventory(log: head.inventory, local: local) }
        return head.inventory
    }

    /// Makes sure that this server can go on from the log, and founds a log that is new.
    ///
    /// - Parameters:
    ///   - tip: The last transaction that this server has.
    ///   - keys: The ids of its credential keys; the first one seals.
    ///   - keyFile: The file that has the keys of a server, if it makes them itself.
    /// - Returns: The ids of the keys of the log, of which the last one seals; nil where it is out of reach.
    package func join(_ inventory: UUID, at tip: ChainPoint, keys: [String], keyFile: URL) throws -> [String]? {
        guard failure == nil else { return nil }
        do {
            return try joined(inventory, at: tip, keys: keys, keyFile: keyFile)
        } catch let error as PostgresError where tip != .beginning && (error.endsConnection || error.isOfLock) {
            // It may answer and commit nothing, as without a standby that commits wait for. What is here can be read.
            return nil
        }
    }

    private func joined(_ inventory: UUID, at tip: ChainPoint, keys: [String], keyFile: URL) throws -> [String] {
        let shared = try SharedLog(configuration.location, lease: configuration.lease)
        if head == nil {
            guard tip == .beginning else { throw LogError.notEmpty }
            try shared.found(inventory: inventory, keys: keys.reversed())
        }
        // Before its keys are compared, so that no other key comes in between.
        try shared.register(configuration, keys: keys)
        guard let head = try shared.head() else { throw LogError.damaged("its head is missing") }
        guard head.inventory == inventory else {
            throw LogError.otherInventory(log: head.inventory, local: inventory)
        }
        let missing = head.keys.filter { !keys.contains($0) }
        guard missing.isEmpty else { throw LogError.missingKeys(missing, file: keyFile) }
        guard try shared.has(tip) else { throw head.absence(of: tip) }
        return head.keys
    }

    /// What a server needs to know that has no inventory and joins; the log keeps all until it has it.
    ///
    /// - Returns: Nil where the log is new or out of reach.
    package func joining() throws -> LogJoining? {
        guard let head else { return nil }
        let shared = try SharedLog(configuration.location, lease: configuration.lease)
        try shared.register(configuration)
        return LogJoining(
            inventory: head.inventory,
            range: head.oldest.sequence...head.tip.sequence,
            sealingKey: head.keys.last,
            others: try shared.replicas().filter { $0.url != configuration.url },
            shared: shared
        )
    }
}

/// What a server begins with that joins a log.
package struct LogJoining {
    package let inventory: UUID
    /// The transaction behind which the log begins, and the last one.
    package let range: ClosedRange<UInt64>
    /// The id of the credential key with which all servers seal.
    package let sealingKey: String?
    /// The other servers.
    package let others: [Replica]
    fileprivate let shared: SharedLog

    fileprivate init(
        inventory: UUID,
        range: ClosedRange<UInt64>,
        sealingKey: String?,
        others: [Replica],
        shared: SharedLog
    ) {
        self.inventory = inventory
        self.range = range
        self.sealingKey = sealingKey
        self.others = others
        self.shared = shared
    }

    /// Whether a server can go on from a point.
    package func has(_ point: ChainPoint) throws -> Bool { try shared.has(point) }
}
