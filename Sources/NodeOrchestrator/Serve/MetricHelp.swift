/// What the series of `/metrics` are, for their lines of HELP.
enum MetricHelp {
    static let texts = [
        "audit_lines_lost_total": "Lines of the audit log that could not be written.",
        "audit_refusals_omitted_total": "Refusals that were left out of the audit log, since there were very many.",
        "http_request_duration_seconds": "How long requests took, from their head to the end of the answer.",
        "http_requests_total": "Requests that were answered, by method and status.",
        "inventory_irregular_resources": "Stored resources that break a rule of later versions, by kind and rule.",
        "inventory_resources": "Resources that are stored, by kind.",
        "inventory_sequence": "Number of the last transaction.",
        "journal_clock_behind_seconds": "How long the clock is still behind the journal's last transaction.",
        "journal_size_bytes": "Bytes of the journal on disk.",
        "journal_writable": "1, or 0 while nothing can be written.",
        "log_messages_dropped_total": "Messages that did not fit into the log.",
        "replica_leads": "1 while the server leads those that share a log, or 0.",
        "replica_staleness_seconds": "For how long the server has not known whether the shared log has more.",
        "snapshot_age_seconds": "How long ago the newest snapshot was taken.",
        "snapshot_copies_total": "Snapshots that were copied elsewhere.",
        "snapshot_copies_waiting": "Snapshots that are still to be copied elsewhere.",
        "snapshot_copy_failures_total": "Copies of snapshots that failed.",
        "tls_certificate_end_timestamp_seconds": "When the certificate for TLS ends, in seconds since 1970.",
    ]
}
