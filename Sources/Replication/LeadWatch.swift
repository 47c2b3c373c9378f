/// Sees by this server's clock whether a leader renews its lead.
struct LeadWatch {
    private let lease: Duration
    /// What was last seen of a lead, and since when it has not been renewed.
    private var seen: (lead: LogHead.Lead, since: ContinuousClock.Instant)?

    /// For how long a leader can have the lead at most before it renews it. PostgreSQL's clock may have been set back.
    private static let longestLease = Duration.seconds(120)

    init(lease: Duration) { self.lease = lease }

    /// Whether a leader has not renewed its lead for twice the lease, or for longer than it has taken it for.
    mutating func hasGone(_ lead: LogHead.Lead) -> Bool {
        // The end is by PostgreSQL's clock; that it changes tells of a renewal.
        if let seen, seen.lead.tenure == lead.tenure, seen.lead.end == lead.end {
            // A large batch may take longer than a lease.
            let rest = min(seen.lead.rest, Self.longestLease)
            return .now - seen.since > max(lease * 2, rest + lease)
        }
        seen = (lead, .now)
        return false
    }

    mutating func forget() { seen = nil }
}
