import Records

/// The tables of a log that servers share, and the statements on them.
///
/// One row of `head` says how far the log is and who leads; `lines` has the transactions. All of a transaction comes by one
/// statement, ``append``, which holds the head for as long as it runs and not longer.
enum LogTables {
    /// Of the tables; another one is refused.
    static let version: Int64 = 1
    /// Where those listen who follow the log.
    static let channel = "node_orchestrator"

    /// Makes what is missing. The lock is for two servers that begin at once; its number is any that nobody else uses.
    static let creation = """
        SELECT pg_advisory_xact_lock(5786320119542837);
        CREATE SCHEMA IF NOT EXISTS node_orchestrator;
        CREATE TABLE IF NOT EXISTS node_orchestrator.head (
            only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
            version integer NOT NULL,
            inventory uuid NOT NULL,
            format integer NOT NULL,
            keys text[] NOT NULL,
            last bigint NOT NULL,
            chain text NOT NULL,
            oldest bigint NOT NULL DEFAULT 0,
            oldest_chain text NOT NULL,
            timeline text NOT NULL,
            tenure uuid,
            holder text,
            url text,
            backend integer,
            backend_start timestamptz,
            ends timestamptz
        ) WITH (fillfactor = 20);
        CREATE TABLE IF NOT EXISTS node_orchestrator.lines (
            seq bigint NOT NULL,
            part integer NOT NULL,
            chain text NOT NULL,
            line text NOT NULL,
            at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (seq, part)
        );
        CREATE TABLE IF NOT EXISTS node_orchestrator.replicas (
            url text PRIMARY KEY,
            name text NOT NULL,
            sequence bigint NOT NULL,
            oldest bigint NOT NULL,
            keys text[] NOT NULL DEFAULT '{}',
            version text NOT NULL,
            since timestamptz NOT NULL DEFAULT clock_timestamp(),
            seen timestamptz NOT NULL
        ) WITH (fillfactor = 50);
        CREATE TABLE IF NOT EXISTS node_orchestrator.versions (
            version text PRIMARY KEY,
            knows text[] NOT NULL
        );
        CREATE OR REPLACE FUNCTION node_orchestrator.append(
            mine uuid, lease bigint, after_seq bigint, after_chain text,
            seqs bigint[], parts bigint[], chains text[], new_lines text[]
        ) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE node_orchestrator.head
                SET last = seqs[cardinality(seqs)], chain = chains[cardinality(chains)],
                    ends = clock_timestamp() + lease * interval '1 millisecond'
                WHERE tenure = mine AND last = after_seq AND chain = after_chain;
            IF NOT FOUND THEN
                RETURN false;
            END IF;
            INSERT INTO node_orchestrator.lines (seq, part, chain, line)
                SELECT * FROM unnest(seqs, parts, chains, new_lines);
            PERFORM pg_notify('node_orchestrator', '');
            RETURN true;
        END $$;
        CREATE OR REPLACE FUNCTION node_orchestrator.prune(mine uuid, keep bigint, through bigint, most bigint)
        RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            age interval := keep * interval '1 millisecond';
            needed bigint := (SELECT min(sequence) FROM node_orchestrator.replicas WHERE seen > clock_timestamp() - age);
            gone bigint := (
                SELECT max(seq) FROM (SELECT seq, at FROM node_orchestrator.lines ORDER BY seq, part LIMIT most) first
                WHERE seq <= through AND at < clock_timestamp() - age
                    AND (seq <= needed OR at < clock_timestamp() - 7 * age)
            );
        BEGIN
            IF gone IS NULL THEN
                RETURN;
            END IF;
            UPDATE node_orchestrator.head SET oldest = gone, oldest_chain = (
                SELECT lines.chain FROM node_orchestrator.lines WHERE seq = gone ORDER BY part DESC LIMIT 1
            ) WHERE tenure = mine;
            IF FOUND THEN
                DELETE FROM node_orchestrator.lines WHERE seq <= gone;
            END IF;
        END $$;
        """

    /// Of a connection. Weaker ones would have commits count before they are on stable storage, and warnings of that be lost; a
    /// statement that waits for a lock ends before its connection is given up, which PostgreSQL would not notice.
    static let settings = """
        SELECT set_config('client_min_messages', 'warning', false), set_config('lock_timeout', '4s', false),
            CASE WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
                THEN set_config('synchronous_commit', 'on', false) END
        """

    /// Whether the tables are there.
    static let presence = "SELECT to_regclass('node_orchestrator.head') IS NOT NULL"

    /// Whether there is no transaction.
    static let emptiness = "SELECT NOT EXISTS (SELECT FROM node_orchestrator.lines)"

    /// Version, inventory, format and keys, the transaction behind which it begins, with the hash after it, and the timeline.
    static let founding = """
        INSERT INTO node_orchestrator.head (version, inventory, format, keys, last, chain, oldest, oldest_chain, timeline)
        VALUES ($1::bigint, $2::text::uuid, $3::bigint, $4::text[], $5::bigint, $6, $5::bigint, $6, $7) ON CONFLICT DO NOTHING
        """

    static let head = """
        SELECT version, inventory, format, array_to_string(keys, ' '), last, chain, tenure, holder, url,
            ends, ends < clock_timestamp(), backend IS NULL, oldest, oldest_chain, timeline,
            (extract(epoch FROM ends - clock_timestamp()) * 1000)::bigint
        FROM node_orchestrator.head
        """

    /// The timeline of PostgreSQL's history, which is another one when a standby has taken over.
    static let timeline = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)"

    /// Ends what the leader of a tenure has not finished: its process at the server, where that is still the same.
    static let ending = """
        SELECT pg_terminate_backend(activity.pid)
        FROM node_orchestrator.head JOIN pg_stat_activity activity
            ON activity.pid = backend AND activity.backend_start = head.backend_start
        WHERE tenure = $1::text::uuid AND backend <> pg_backend_pid()
        """

    /// A new tenure, its lease in milliseconds, the holder, its URL, and the tenure that it follows, or nothing; whether that
    /// is taken away though it has not ended by the server's clock.
    static let taking = """
        UPDATE node_orchestrator.head
        SET tenure = $1::text::uuid, ends = clock_timestamp() + $2::bigint * interval '1 millisecond', holder = $3, url = $4,
            backend = pg_backend_pid(),
            backend_start = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
        WHERE tenure IS NOT DISTINCT FROM nullif($5, '')::uuid
            AND (tenure IS NULL OR ends < clock_timestamp() OR $6::bigint = 1)
        RETURNING last, chain
        """

    /// A tenure, and its lease in milliseconds.
    static let renewing = """
        UPDATE node_orchestrator.head SET ends = clock_timestamp() + $2::bigint * interval '1 millisecond'
        WHERE tenure = $1::text::uuid RETURNING last, chain
        """

    /// A tenure, and the timeline.
    static let handingOver = """
        WITH given AS (
            UPDATE node_orchestrator.head
            SET timeline = $2, tenure = NULL, holder = NULL, url = NULL, backend = NULL, backend_start = NULL, ends = NULL
            WHERE tenure = $1::text::uuid RETURNING true
        ) SELECT pg_notify('node_orchestrator', '') FROM given
        """

    /// A tenure, the one that comes after it, its lease in milliseconds, the URL of the server that is to take it, and the timeline.
    static let granting = """
        WITH given AS (
            UPDATE node_orchestrator.head
            SET tenure = $2::text::uuid, ends = clock_timestamp() + $3::bigint * interval '1 millisecond',
                timeline = $5, holder = heir.name, url = heir.url, backend = NULL, backend_start = NULL
            FROM node_orchestrator.replicas heir WHERE heir.url = $4 AND tenure = $1::text::uuid RETURNING true
        ) SELECT pg_notify('node_orchestrator', '') FROM given
        """

    /// A tenure, and the id of a credential key that is sealed with from now on, if all servers have it that have said something
    /// within ten seconds. A server that comes later needs it to start.
    static let sealing = """
        UPDATE node_orchestrator.head SET keys = array_append(array_remove(keys, $2), $2)
        WHERE tenure = $1::text::uuid AND NOT EXISTS (
            SELECT FROM node_orchestrator.replicas
            WHERE seen > clock_timestamp() - interval '10 seconds' AND replicas.url IS DISTINCT FROM head.url
                AND NOT $2 = ANY (replicas.keys)
        ) RETURNING array_to_string(keys, ' ')
        """

    /// URL, name, last transaction and oldest moment of a server; whether it has just started; the ids of its credential keys, and
    /// its version.
    static let reporting = """
        INSERT INTO node_orchestrator.replicas AS known (url, name, sequence, oldest, seen, keys, version)
        VALUES ($1, $2, $3, $4, clock_timestamp(), $6::text[], $7)
        ON CONFLICT (url) DO UPDATE SET name = excluded.name, sequence = excluded.sequence, oldest = excluded.oldest,
            seen = excluded.seen, keys = excluded.keys, version = excluded.version,
            since = CASE WHEN $5::bigint = 1 THEN excluded.seen ELSE known.since END
        """

    /// The version of a server, and what that knows.
    static let knowing = """
        INSERT INTO node_orchestrator.versions (version, knows) VALUES ($1, $2::text[]) ON CONFLICT DO NOTHING
        """

    /// Those that have said something within a day.
    static let replicas = """
        SELECT name, known.url, sequence, greatest(last - sequence, 0), known.oldest,
            to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            extract(epoch FROM clock_timestamp() - seen)::bigint,
            coalesce(known.url = head.url AND ends > clock_timestamp(), false), array_to_string(known.keys, ' '), known.version
        FROM node_orchestrator.replicas known CROSS JOIN node_orchestrator.head
        WHERE seen > clock_timestamp() - interval '1 day' ORDER BY name, known.url
        """

    /// URL and name of a server that is about to read what there is, so that it is kept until then, the ids of its credential
    /// keys, its version, and what that knows.
    static let registering = """
        WITH known AS (
            INSERT INTO node_orchestrator.versions (version, knows) VALUES ($4, $5::text[]) ON CONFLICT DO NOTHING
        )
        INSERT INTO node_orchestrator.replicas AS known (url, name, sequence, oldest, seen, keys, version)
        SELECT $1, $2, head.oldest, head.last, clock_timestamp(), $3::text[], $4 FROM node_orchestrator.head
        ON CONFLICT (url) DO UPDATE SET sequence = excluded.sequence, seen = excluded.seen, keys = excluded.keys,
            version = excluded.version
        """

    /// What a version knows.
    static let knowledge = "SELECT array_to_string(knows, ' ') FROM node_orchestrator.versions WHERE version = $1"

    /// A tenure, for how many milliseconds lines are kept, the last transaction of the leader's newest snapshot, and how many
    /// lines are looked at. What servers lack that are there is kept for seven times as long.
    static let pruning = "SELECT node_orchestrator.prune($1::text::uuid, $2, $3, $4)"

    static let leaving = "DELETE FROM node_orchestrator.replicas WHERE url = $1"

    static let append = "SELECT node_orchestrator.append($1::text::uuid, $2, $3, $4, $5, $6, $7, $8)"

    /// The hash after a transaction: of one that is there, or of the one behind which the log begins.
    static let chain = """
        (SELECT chain FROM node_orchestrator.lines WHERE seq = $1 ORDER BY part DESC LIMIT 1)
        UNION ALL SELECT oldest_chain FROM node_orchestrator.head WHERE oldest = $1 LIMIT 1
        """

    /// The lines behind one, as many as there are at most, and as many as begin within so many bytes.
    static let lines = """
        SELECT seq, part, chain, line FROM (
            SELECT *, sum(octet_length(line)) OVER (ORDER BY seq, part) - octet_length(line) AS before FROM (
                SELECT * FROM node_orchestrator.lines WHERE (seq, part) > ($1, $2) ORDER BY seq, part LIMIT $3
            ) found
        ) measured WHERE before < $4 ORDER BY seq, part
        """
}
