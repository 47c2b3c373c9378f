import Foundation

/// The address of a PostgreSQL database, with the password apart, so that no message and no view of DuckDB's has it.
struct PostgresAddress {
    /// Keywords and values (<https://www.postgresql.org/docs/current/libpq-connect.html>), without the password.
    let keywords: String
    let password: String?

    /// - Parameter url: Such as `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require`.
    init(_ url: String) throws(QueryFailure) {
        // Where the rest of a password looks like a host and a database, messages would have it.
        guard let parts = URLComponents(string: url), parts.user != nil || !url.contains("@") else {
            throw QueryFailure(
                .sourceAway,
                "its address is not one of PostgreSQL, postgres://USER@HOST:PORT/DATABASE, percent-encoded where a password has / ? # or @"
            )
        }
        var pairs: [(String, String?)] = [
            ("host", parts.host), ("port", parts.port.map(String.init)), ("user", parts.user),
            ("dbname", parts.path.isEmpty ? nil : String(parts.path.dropFirst())),
        ]
        pairs += (parts.queryItems ?? []).map { ($0.name, $0.value) }
        password = parts.password ?? pairs.last { $0.0 == "password" }?.1
        keywords = pairs.filter { $0.0 != "password" }
            .compactMap { name, value in value.flatMap { $0.isEmpty ? nil : "\(name)=\(Self.quoted($0))" } }
            .joined(separator: " ")
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = value.allSatisfy { $0.isLetter || $0.isNumber || "._-/:%".contains($0) }
        return isPlain ? value : "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
