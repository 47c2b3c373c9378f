import API
import ArgumentParser
import Audit
import Completeness
import Foundation
import GuardedFiles
import HTTPSupport
import InventoryHTTP
import Journal
import Logging
import Metrics
import ObjectStorage
import Query
import Records
import Replication
import ServiceLifecycle
import Store
import Tables
import UnixSignals

/// Runs the server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the inventory over HTTP.",
        discussion: """
            Every option can also come from the file of --config (YAML or JSON, the keys are the options' names) or \
            from the environment (--snapshot-freq from NODE_ORCHESTRATOR_SNAPSHOT_FREQ). The command line wins, then \
            the environment, then the file.

            A time is a whole number with its unit: 30s, 5m, 1h, 30d. A size is one, too: 500kB, 64MB (powers of 1,000), \
            8GiB (powers of 1,024).
            """,
        examples: [
            "serve", "serve --listen :8080 --data-dir /var/lib/node-orchestrator",
            "serve --snapshot-freq 5m --snapshot-keep 288", "serve --config /etc/node-orchestrator.yaml",
        ]
    )

    @OptionGroup
    var transport: TransportOptions

    @OptionGroup
    var store: StoreOptions

    @Option(
        help: ArgumentHelp("Time from one snapshot to the next. 0: only at shutdown. (default: 1h)", valueName: "time"),
        transform: DurationArgument.read
    )
    var snapshotFreq = DurationArgument(seconds: 3600)

    @OptionGroup
    var retention: RetentionOptions

    @OptionGroup
    var copies: CopyOptions

    @OptionGroup
    var replication: ReplicationOptions

    @OptionGroup
    var credentials: CredentialOptions

    @OptionGroup
    var audit: AuditOptions

    @Option(
        help: ArgumentHelp(
            "When the journal is synced. always: before a write is answered; with the others a power failure can lose the last writes, unless they are in --log. (default: always, with --log interval:1s)",
            valueName: "always|interval:TIME|never"
        ),
        transform: FsyncPolicy.read
    )
    var fsync: FsyncPolicy?

    @Option(
        help: ArgumentHelp(
            "Size of the journal beyond which a snapshot is taken and the oldest history is dropped. (default: 8GB)",
            valueName: "size"
        ),
        transform: ByteSizeArgument.read
    )
    var journalMaxSize = ByteSizeArgument(bytes: StoreConfiguration.standardJournalSize)

    @Option(
        help: ArgumentHelp("How long a search, or a read of the past, may take. (default: 5s)", valueName: "time"),
        transform: DurationArgument.read
    )
    var searchTimeout = DurationArgument(StoreConfiguration.standardSearchTimeout)

    @OptionGroup
    var queries: QueryOptions

    @Option(
        help: ArgumentHelp(
            "Size of all documents together that a transaction may write. (default: 512MiB)",
            valueName: "size"
        ),
        transform: ByteSizeArgument.read
    )
    var transactionMaxSize = ByteSizeArgument(bytes: TransactionLimits.standard.size)

    @Option(help: ArgumentHelp("How many changes a transaction may have.", valueName: "n"))
    var transactionMaxChanges = TransactionLimits.standard.changes

    @Option(
        help: ArgumentHelp(
            "Memory for large bodies that are being read; further senders wait. (default: 256MiB)",
            valueName: "size"
        ),
        transform: ByteSizeArgument.read
    )
    var bodyMemory = ByteSizeArgument(bytes: Bodies.standardMemory)

    @Flag(help: "Start with an empty inventory; refused if there already is one.")
    var noRestore = false

    @Flag(help: "Leave out fields that only another version of the program knows; without this they stop the start.")
    var dropUnknownFields = false

    @OptionGroup
    var tokens: TokenOptions

    @OptionGroup
    var roles: RoleOptions

    @Flag(help: "Require a token for reading, too.")
    var authReads = false

    @Flag(help: "Answer /metrics without a token even with --auth-reads.")
    var openMetrics = false

    @Flag(help: "Accept requests without a token. Anyone who can reach the server can change everything.")
    var insecureNoAuth = false

    @Option(
        help: ArgumentHelp(
            "Host name that clients use for the server, with --insecure-no-auth; may be repeated.",
            valueName: "name"
        )
    )
    var allowedHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "Address or network of a proxy, or unix for clients of Unix sockets, whose Forwarded and X-Forwarded headers are believed; may be repeated.",
            valueName: "address"
        ),
        transform: TrustedProxy.read
    )
    var trustedProxy: [TrustedProxy] = []

    @Option(help: ArgumentHelp("Form of the log.", valueName: "form"))
    var logFormat = LogFormat.text

    @Option(help: ArgumentHelp("The least severe messages that are logged.", valueName: "level"))
    var logLevel = Logger.Level.info

    @Flag(help: "Let the system keep the server's memory if it crashes. It has keys, tokens and passwords.")
    var coreDumps = false

    @Option(help: ArgumentHelp("YAML or JSON file to take options from.", valueName: "file"))
    var config: String?

    /// How long after the signal the last snapshot is given up, since the journal has all that it would have, and how long a
    /// stop takes at most.
    private static let (snapshotLimit, stopLimit) = (Duration.seconds(25), Duration.seconds(30))

    /// Room for one stream of lines.
    private static let minimumBodyMemory = 8_000_000

    /// Room for a few transactions, so that a snapshot is not taken for each.
    private static let minimumJournalSize = 1_000_000

    func validate() throws {
        guard journalMaxSize.bytes >= Self.minimumJournalSize else {
            throw ValidationError("--journal-max-size is at least \(ByteSizeArgument(bytes: Self.minimumJournalSize)).")
        }
        guard transactionMaxSize.bytes > 0, transactionMaxChanges > 0 else {
            throw ValidationError("--transaction-max-size and --transaction-max-changes are more than 0.")
        }
        guard bodyMemory.bytes >= Self.minimumBodyMemory else {
            throw ValidationError("--body-memory is at least \(ByteSizeArgument(bytes: Self.minimumBodyMemory)).")
        }
        guard !noRestore || copies.restoreFrom == nil else {
            throw ValidationError("--no-restore cannot be used with --restore-from.")
        }
        guard searchTimeout.seconds > 0 else { throw ValidationError("--search-timeout is at least 1s.") }
        guard !insecureNoAuth || (!authReads && tokens.areStandard && roles.areStandard) else {
            throw ValidationError(
                "--insecure-no-auth cannot be used with --auth-reads or options of tokens (--jwt-…, --jwks-…) and roles (--role-map, --default-role, --authz)."
            )
        }
        try transport.check(insecureNoAuth: insecureNoAuth)
        guard !openMetrics || authReads else {
            throw ValidationError("--open-metrics needs --auth-reads; without that /metrics is open anyway.")
        }
        guard allowedHost.isEmpty || insecureNoAuth else {
            throw ValidationError("--allowed-host needs --insecure-no-auth; with tokens any host name is accepted.")
        }
    }

    func run() async throws {
        let logger = logFormat.bootstrap(level: logLevel)
        var hangUps = await HangUps(logger: logger)
        let metrics = PrometheusRegistry(help: MetricHelp.texts)
        MetricsSystem.bootstrap(metrics)

        try await beginFromCopy(logger: logger)
        let store = try await openStore(logger: logger)
        let trust = try await trust(logger: logger)
        let auditLog = try audit.log(self.store.directory, logger: logger)
        if let auditLog { hangUps.actions.append { await auditLog.reopen() } }
        let addresses = transport.addresses
        let certificate = try transport.certificate(logger: logger)
        // A further interface adds its table to these.
        var routes = InventoryAPI(store: store, metrics: metrics, hasOpenMetrics: openMetrics).routes
        let queryService = try QueryService(QuerySource(store), queries.limits(), logger: logger)
        routes.add(QueryAPI(queryService) { if store.mayReach($0) { try await store.wait(for: $0) } }.routes)
        let replicaTLS = try replication.tls()
        routes.passing = store.replica.map { replica in
            Passing(
                to: { replica.leader },
                keys: { store.replicaKeys },
                answerField: .inventorySequence,
                wait: { try await store.wait(for: $0) },
                tls: replicaTLS
            )
        }
        let server = HTTPServer(
            routes,
            for: Authenticator(
                verifier: trust?.verifier,
                protectsReads: authReads,
                enforcement: roles.authz,
                pages: WebPages(allowedHosts: allowedHost)
            ),
            Traffic(
                bodies: Bodies(memory: bodyMemory.bytes),
                maximumFiles: Self.raiseFileLimit(),
                proxies: TrustedProxies(trustedProxy),
                audit: auditLog
            ),
            translating: Problem.ofInventory,
            listeningOn: addresses,
            certificate: certificate,
            socketMode: transport.socketMode.permissions,
            logger: logger
        ) { index, port in
            // Whoever starts the server waits for this line, whatever else is logged.
            var logger = logger
            logger.logLevel = min(logger.logLevel, .notice)
            logger.notice("ready: listening on \(addresses[index].url(port: port, isSecure: certificate != nil))")
        }
        if let certificate { hangUps.actions.append { certificate.refresh(isAsked: true) } }
        if let trust { hangUps.actions.append { await trust.readAgain() } }
        hangUps.actions.append { await store.readCredentialKeysAgain() }
        // Stopped in reverse: first the server, then, with no writer left, the store takes its last snapshot, which is copied.
        var services: [any Service] = [store, queryService, server, hangUps, StopLimit(duration: Self.stopLimit)]
        services += trust?.services ?? []
        if let auditLog { services.insert(auditLog, at: 0) }
        if let certificate { services.append(certificate) }
        if let replica = store.replica, store.olderHistory.isMissing {
            services.append(
                OlderHistoryFetching(
                    store: store,
                    replica: replica,
                    name: replication.machine,
                    tls: replicaTLS,
                    maximumSize: journalMaxSize.bytes,
                    logger: logger
                )
            )
        }
        if let copier = try copies.copier(store, logger: logger) { services.insert(copier, at: 0) }
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = Self.snapshotLimit
        try await ServiceGroup(configuration: configuration).run()
        logger.notice("stopped", metadata: ["sequence": .stringConvertible(store.journal.announced)])
    }

    /// Has the inventory begin with a copy of a snapshot, where it is to and there is none yet.
    private func beginFromCopy(logger: Logger) async throws {
        guard let location = copies.restoreFrom else { return }
        let beginning: CopySource.Beginning
        do {
            beginning = try await CopySource(location, store.directory.disk).begin(store.directory)
        } catch let error as StorageError {
            throw CommandError("--restore-from: \(error.description)")
        }
        switch beginning {
        case .begun(let id, let manifest):
            logger.notice(
                "the inventory begins with a copy of a snapshot",
                metadata: ["from": "\(location)", "snapshot": "\(id)", "resources": "\(manifest.resourceCount)"]
            )
        case .notNeeded: break
        case .noSnapshot:
            logger.warning("there is no copy of a snapshot to begin with", metadata: ["at": "\(location)"])
        }
    }

    /// Opens the store; a server that joins a log anew begins with a snapshot.
    private func openStore(logger: Logger) async throws -> InventoryStore {
        let configuration = try storeConfiguration()
        let joining = try configuration.sharedLog.map {
            ReplicaJoining(
                sharedLog: $0,
                directory: configuration.directory,
                keys: configuration.credentialKeys,
                tokenKey: !insecureNoAuth && tokens.areOwn ? KeyFolder(configuration.directory).secretFile : nil,
                tls: try replication.tls(),
                copies: try copies.place(configuration.directory.disk),
                maximumJournalSize: configuration.maximumJournalSize,
                logger: logger
            )
        }
        try await joining?.begin()
        do {
            return try await .opened(configuration, logger: logger)
        } catch let error as LogError where error.isForgotten {
            let folders = try configuration.directory.setAside(at: Date())
            logger.notice(
                "this server was away for longer than the log is kept, and joins anew; what it had is set aside",
                metadata: ["in": "\(folders.map(\.path).joined(separator: ", "))"]
            )
            try await joining?.begin()
            return try await .opened(configuration, logger: logger)
        }
    }

    /// Has as many files be open as the system allows.
    ///
    /// - Returns: How many those are.
    private static func raiseFileLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        let allowed = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return Int(clamping: allowed) }
        return Int(clamping: limit.rlim_cur)
    }

    private func storeConfiguration() throws -> StoreConfiguration {
        var configuration = store.configuration
        configuration.snapshotInterval = snapshotFreq.duration
        configuration.retention = retention.retention
        configuration.sharedLog = try replication.sharedLog(transport)
        configuration.fsync = fsync ?? (configuration.sharedLog == nil ? .always : .interval(.seconds(1)))
        configuration.maximumJournalSize = journalMaxSize.bytes
        configuration.transactionLimits = TransactionLimits(
            size: transactionMaxSize.bytes,
            changes: transactionMaxChanges
        )
        if let duration = searchTimeout.duration { configuration.searchTimeout = duration }
        configuration.loads = !noRestore
        configuration.credentialKeys = credentials.source
        configuration.dropsUnknownFields = dropUnknownFields
        return configuration
    }

    /// Whose tokens are good; nil where none is needed.
    private func trust(logger: Logger) async throws -> TokenTrust? {
        guard insecureNoAuth else {
            return try await TokenTrust(
                tokens,
                roles,
                store.configuration.directory,
                logger: logger
            )
        }
        logger.warning("requests are accepted without a token: anyone who can reach the server can change everything")
        return nil
    }
}
