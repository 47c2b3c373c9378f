/// What requests of all clients have in common: their connections, and the memory for their bodies.
package final class Traffic: Sendable {
    let connections = Connections()
    let bodies: Bodies

    package init(bodies: Bodies) {
        self.bodies = bodies
    }
}
