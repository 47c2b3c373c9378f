import Foundation
import LocalPostgres

/// The PostgreSQL server that tests share.
package enum TestPostgres {
    private static let shared = Result { try LocalPostgres(syncs: false) }

    /// Whether tests that need it run: where it is not installed only under `CI=true`, to fail.
    package static var isWanted: Bool {
        LocalPostgres.isInstalled || ProcessInfo.processInfo.environment["CI"] == "true"
    }

    /// The location of a new database.
    package static func database() throws -> String { try shared.get().database() }
}
