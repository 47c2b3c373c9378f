package import HTTPSupport
import Inventory
package import Store

/// The HTTP interface of the inventory.
package struct InventoryAPI: Sendable {
    private let store: InventoryStore
    private let metrics: PrometheusRegistry

    package init(store: InventoryStore, metrics: PrometheusRegistry) {
        self.store = store
        self.metrics = metrics
    }

    /// The routes: those of the resources below `/inventory` too, where the Go service has them.
    package var routes: RouteTable {
        var routes = RouteTable()
        for prefix in ["", "/inventory"] {
            for (name, kind) in Kind.clientNames {
                ResourceRoutes(store: store).add(kind, at: "\(prefix)/\(name)", to: &routes)
                SearchRoutes(store: store).add(kind, at: "\(prefix)/\(name)", to: &routes)
            }
        }
        TransactionRoutes(store: store).add(to: &routes)
        SnapshotRoutes(store: store).add(to: &routes)
        PastRoutes(store: store).add(to: &routes)
        EventRoutes(store: store).add(to: &routes)
        SchemaRoutes().add(to: &routes)
        HealthRoutes(store: store, metrics: metrics).add(to: &routes)
        return routes
    }
}
