/// The version of the program.
package enum Version {
    package static let current = "0.3.0"

    /// The program, as what it writes to disk names it.
    package static let program = "node-orchestrator \(current)"
}
