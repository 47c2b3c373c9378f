import Inventory
import Journal
import Records

/// What this version of the program knows and a server of another version does not, so that it is not written yet.
package struct WithheldFeatures: Sendable {
    /// The addresses of the servers that lack a kind or a field, by its path.
    package private(set) var servers: [String: [String]] = [:]

    /// - Parameter replicas: All servers but this one.
    init(of replicas: some Sequence<Replica> = []) {
        for replica in replicas where replica.isPresent {
            for path in replica.lacks { servers[path, default: []].append(replica.url) }
        }
    }

    /// Makes sure that all servers can read a transaction.
    func check(_ record: JournalRecord) throws(Refusal) {
        guard !servers.isEmpty else { return }
        let paths = Set(servers.keys)
        for change in record.changes {
            guard let stored = change.stored else { continue }
            let found: Set<String>
            do {
                found = try change.resource.kind.paths(in: stored.document, of: paths)
            } catch {
                throw Refusal(.invalid, "\(error)")
            }
            guard let path = found.min(), let urls = servers[path] else { continue }
            throw Refusal(
                .conflict,
                "\(path) waits until all servers know it that share the log; \(urls.joined(separator: ", ")) is of a version "
                    + "that does not."
            )
        }
    }
}
