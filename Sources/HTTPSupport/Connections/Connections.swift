import Logging
import NIOCore
import Synchronization

/// The connections that are open, of which there are only so many: when there would be more, the slowest of the address that
/// has most goes.
final class Connections: Sendable {
    private let open = Mutex(Open())
    /// How many there may be.
    private let maximumCount: Int
    let proxies: TrustedProxies

    fileprivate struct Open {
        var connections: [ObjectIdentifier: Connection] = [:]
        /// The address that each counts for, as ``Caller/address``.
        var addresses: [ObjectIdentifier: String] = [:]
        /// How many each address has.
        var counts: [String: Int] = [:]
    }

    /// How many clients at once may not take what is sent to them, about 128 KiB each.
    private static let maximumFull = 1024
    /// How many connections go at once where there are too many: to find them takes as long as there are connections.
    private static let evictedAtOnce = 16

    init(maximumCount: Int, proxies: TrustedProxies) {
        self.maximumCount = maximumCount
        self.proxies = proxies
    }

    func add(_ connection: Connection) {
        let evicted = open.withLock { open in
            let id = ObjectIdentifier(connection.channel)
            open.connections[id] = connection
            open.count(id, for: connection.peer?.network ?? "")
            return open.connections.count > maximumCount ? open.slowest(Self.evictedAtOnce) : []
        }
        for connection in evicted { connection.close() }
    }

    func remove(_ connection: Connection) {
        open.withLock { open in
            let id = ObjectIdentifier(connection.channel)
            guard open.connections.removeValue(forKey: id) != nil else { return }
            open.forget(id)
        }
    }

    /// Has a proxy's connection count for the client whose request it has.
    func count(_ connection: Connection, for address: String) {
        open.withLock { open in
            let id = ObjectIdentifier(connection.channel)
            guard let known = open.addresses[id], known != address else { return }
            open.forget(id)
            open.count(id, for: address)
        }
    }

    func connection(of channel: any Channel) -> Connection? {
        open.withLock { $0.connections[ObjectIdentifier(channel)] }
    }

    private var all: [Connection] { open.withLock { Array($0.connections.values) } }

    /// Ends those whose clients are too slow, each second until the task is cancelled.
    func watch(_ logger: Logger) async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            let all = all
            for connection in all { connection.check(logger) }
            let fullCount = all.count { $0.isFull }
            guard fullCount > Self.maximumFull else { continue }
            let evicted = open.withLock { $0.slowest(fullCount - Self.maximumFull) { $0.isFull } }
            logger.warning(
                "cut off clients that do not read their answers",
                metadata: ["connections": .stringConvertible(evicted.count)]
            )
            for connection in evicted { connection.close() }
        }
    }

    /// Closes all, whatever is being sent or received.
    ///
    /// - Returns: How many those were.
    func close() -> Int {
        let all = all
        for connection in all { connection.close() }
        return all.count
    }
}

extension Connections.Open {
    fileprivate mutating func count(_ id: ObjectIdentifier, for address: String) {
        addresses[id] = address
        counts[address, default: 0] += 1
    }

    fileprivate mutating func forget(_ id: ObjectIdentifier) {
        guard let address = addresses.removeValue(forKey: id) else { return }
        let left = counts[address, default: 1] - 1
        counts[address] = left == 0 ? nil : left
    }

    /// The slowest connections of the addresses that have most.
    fileprivate func slowest(_ count: Int, where condition: (Connection) -> Bool = { _ in true }) -> [Connection] {
        let candidates = connections.filter { condition($0.value) }.map { id, connection in
            (connection, addresses[id].flatMap { counts[$0] } ?? 0, connection.lastProgress)
        }
        let greediest = candidates.map(\.1).max() ?? 0
        // Never most of what an address has.
        let count = min(count, max(1, greediest / 4))
        return candidates.filter { $0.1 == greediest }.sorted { $0.2 < $1.2 }.prefix(count).map(\.0)
    }
}
