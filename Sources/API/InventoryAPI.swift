package import HTTPSupport
import HTTPTypes
import Inventory
import InventoryHTTP
import Journal
package import Store

/// The HTTP interface of the inventory.
package struct InventoryAPI: Sendable {
    private let store: InventoryStore
    private let metrics: PrometheusRegistry
    private let hasOpenMetrics: Bool

    /// - Parameter hasOpenMetrics: Whether nobody needs a token for the metrics, even if other reads do.
    package init(store: InventoryStore, metrics: PrometheusRegistry, hasOpenMetrics: Bool = false) {
        self.store = store
        self.metrics = metrics
        self.hasOpenMetrics = hasOpenMetrics
    }

    /// The routes: those of the resources below `/inventory` too, where the Go service has them.
    package var routes: RouteTable {
        var routes = RouteTable()
        routes.answerField = { [store] in
            HTTPField(name: .inventorySequence, value: String(store.journal.announced))
        }
        routes.awaitedNumbers = AwaitedNumbers(
            .inventoryMinSequence,
            alsoIn: [.lastEventID],
            ["at", "after", "from", "to"],
            current: { [store] in store.journal.announced },
            mayCome: { [store] in store.mayReach($0) },
            wait: { [store] in try await store.wait(for: $0) }
        )
        for prefix in ["", "/inventory"] {
            for (name, kind) in Kind.clientNames {
                ResourceRoutes(store: store).add(kind, at: "\(prefix)/\(name)", to: &routes)
                SearchRoutes(store: store).add(kind, at: "\(prefix)/\(name)", to: &routes)
            }
        }
        CredentialRoutes(store: store).add(to: &routes)
        TransactionRoutes(store: store).add(to: &routes)
        SnapshotRoutes(store: store).add(to: &routes)
        PastRoutes(store: store).add(to: &routes)
        EventRoutes(store: store).add(to: &routes)
        if let replica = store.replica { ReplicaRoutes(store: store, replica: replica).add(to: &routes) }
        SchemaRoutes().add(to: &routes)
        HealthRoutes(store: store, metrics: metrics, isOpen: hasOpenMetrics).add(to: &routes)
        return routes
    }
}
