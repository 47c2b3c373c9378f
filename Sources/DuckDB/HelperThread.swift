import CDuckDB
import CSystemShims
import Foundation
import Synchronization

/// A thread that has a share in whatever the statements of a database have to do, beside the threads that wait for them.
///
/// DuckDB's own threads can be given up only by waiting for what they are at, which may be a search that takes its time.
/// A helper can be ended without. The database has to be opened with one of ``settings(threads:)``.
package final class HelperThread: Sendable {
    private let state: TaskState

    /// Settings of a database on which so many threads work at once: those that wait for a statement, a helper, and
    /// DuckDB's own, which are two less.
    ///
    /// `external_threads` are those that DuckDB does not begin itself.
    package static func settings(threads: Int) -> [String: String] {
        ["threads": "\(max(2, threads))", "external_threads": "2"]
    }

    /// Begins to help.
    ///
    /// - Parameter givesWay: Whether other threads that have work come first.
    package init(on database: Database, givesWay: Bool = false) {
        state = TaskState(database)
        Thread { [state] in
            no_name_thread("helper")
            if givesWay { no_give_way() }
            state.execute()
        }.start()
    }

    deinit {
        end()
    }

    /// Ends when what the thread is at is finished, however long that takes, but nobody waits for that.
    package func end() {
        state.finish()
    }
}

/// DuckDB's word for what one or several threads work on until it is finished.
private final class TaskState: Sendable {
    private let database: Database
    // Unsafe only in name: DuckDB lets several threads share a task state and any of them finish it, as duckdb.h says of
    // `duckdb_execute_tasks_state`, and the handle is constant until `deinit`, when no thread has it any more.
    private nonisolated(unsafe) let handle: duckdb_task_state

    init(_ database: Database) {
        self.database = database
        guard let handle = duckdb_create_task_state(database.handle) else {
            preconditionFailure("a database that is open has tasks")
        }
        self.handle = handle
    }

    deinit {
        duckdb_destroy_task_state(handle)
    }

    func execute() {
        duckdb_execute_tasks_state(handle)
    }

    func finish() {
        duckdb_finish_execution(handle)
    }
}
