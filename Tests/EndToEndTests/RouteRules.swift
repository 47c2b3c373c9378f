import API
import Completeness
import Foundation
import HTTPSupport
import HTTPTypes
import Inventory
import Logging
import Query
import Store
import TestSupport

/// The routes of the program, with who may use them.
enum RouteRules {
    static func all() async throws -> [(path: String, method: String, access: RouteAccess)] {
        let home = TestFolder()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let store = try await InventoryStore(StoreConfiguration(DataDirectory(home.folder)), logger: logger)
        var routes = InventoryAPI(store: store, metrics: PrometheusRegistry()).routes
        let queries = try QueryService(QuerySource(store), QueryLimits(), logger: logger)
        routes.add(QueryAPI(queries) { _ in }.routes)
        try queries.close()
        return routes.entries.map { ($0.path, $0.method.rawValue, $0.access) }
    }
}
