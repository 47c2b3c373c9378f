import Hummingbird
import Inventory
import Schema
package import Store

/// The HTTP interface of the inventory.
package struct InventoryAPI: Sendable {
    private let store: InventoryStore
    private let authenticator: Authenticator
    private let metrics: PrometheusRegistry
    private let constantBytes: Int?

    /// - Parameter constantBytes: Length of what `/constant/{ref}` answers, whatever `ref` is; nil for no such route.
    package init(
        store: InventoryStore,
        authenticator: Authenticator,
        metrics: PrometheusRegistry,
        constantBytes: Int? = nil
    ) {
        self.store = store
        self.authenticator = authenticator
        self.metrics = metrics
        self.constantBytes = constantBytes
    }

    /// The routes: those of the resources below `/inventory` too, where the Go service has them.
    func router(_ traffic: Traffic) -> Router<InventoryRequestContext> {
        var routes = RouteTable()
        if let constantBytes {
            let constant = JSONValue.string(String(repeating: "x", count: constantBytes - 2)).bytes
            routes.add("/constant/{ref}", .get, .open) { _, _ in .json(constant) }
        }
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
        return routes.router(authenticator: authenticator, traffic: traffic)
    }
}
