package import PostgreSQL

/// Where a log is that servers share, and how this server takes part.
package struct SharedLogConfiguration: Sendable {
    package var location: PostgresLocation
    /// This server's name, for people.
    package var name: String
    /// Where others reach this server.
    package var url: String
    /// How long a leader leads without renewing it.
    package var lease: Duration
    /// How long transactions are kept in the log at least, once they are in a snapshot.
    package var keepFor: Duration

    package init(
        _ location: PostgresLocation,
        name: String,
        url: String,
        lease: Duration,
        keepFor: Duration
    ) {
        self.location = location
        self.name = name
        self.url = url
        self.lease = lease
        self.keepFor = keepFor
    }
}
