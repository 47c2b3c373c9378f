import HTTPSupport
import Hummingbird
import Inventory
import InventoryHTTP
import Schema

/// The schemas that requests are held to: `/schemas` and `/schemas/{Kind}.json`.
struct SchemaRoutes {
    func add(to routes: inout RouteTable) {
        routes.add("/schemas", .get, .open) { _, context in
            .json(
                JSONValue.array(
                    InventorySchemas.all.map { .string(context.link("/schemas/\($0.name).json")) }
                ).bytes
            )
        }
        for (name, schema) in InventorySchemas.all {
            let text = Array(schema.json.prettyText.utf8)
            routes.add("/schemas/\(name).json", .get, .open) { _, _ in
                var response = Response.json(text)
                response.headers[.contentType] = "application/schema+json"
                return response
            }
        }
    }
}
