import GRDB

/// The tables. Their CHECKs and the trigger hold the state rules, whoever writes.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { try $0.execute(sql: version1) }
        migrator.registerMigration("jobs go on where they stopped") { try $0.execute(sql: jobSaves) }
        migrator.registerMigration("tokens") { try $0.execute(sql: tokens) }
        migrator.registerMigration("answers") { try $0.execute(sql: answers) }
        migrator.registerMigration("uploads") { try $0.execute(sql: uploads) }
        migrator.registerMigration("webhooks") { try $0.execute(sql: webhooks) }
        migrator.registerMigration("store") { try $0.execute(sql: store) }
        migrator.registerMigration("manifests") { try $0.execute(sql: manifests) }
        migrator.registerMigration("hosts of webhooks") { rows in
            try rows.execute(sql: webhookHosts)
            for row in try Row.fetchAll(rows, sql: "SELECT job, url FROM webhooks WHERE status IN ('waiting', 'pending')") {
                try rows.execute(
                    sql: "UPDATE webhooks SET host = ? WHERE job = ?",
                    arguments: [WebhookLane.host(of: row["url"]), row["job"] as String])
            }
        }
        migrator.registerMigration("damaged blobs") { try $0.execute(sql: damagedBlobs) }
        migrator.registerMigration("commits") { try $0.execute(sql: commits) }
        migrator.registerMigration("phases of any name") { try $0.execute(sql: phases) }
        migrator.registerMigration("conditions of pictures") { try $0.execute(sql: conditions) }
        migrator.registerMigration("what phases leave for others") { try $0.execute(sql: jobKeepings) }
        migrator.registerMigration("warnings of jobs") { try $0.execute(sql: jobWarnings) }
        migrator.registerMigration("progress over all phases") { try $0.execute(sql: overallProgress) }
        migrator.registerMigration("what was scored serves others") { try $0.execute(sql: calibrations) }
        migrator.registerMigration("sweeps") { try $0.execute(sql: sweeps) }
        migrator.registerMigration("what samples are compared with") { try $0.execute(sql: references) }
        migrator.registerMigration("what samples are judged by") { try $0.execute(sql: evaluationFiles) }
        migrator.registerMigration("what was scored without pictures") { try $0.execute(sql: calibrationsWithoutPictures) }
        return migrator
    }

    /// Times are milliseconds since 1970. Lists run from the newest identifier down: identifiers sort by time.
    /// A job's checkpoint and dataset are no foreign keys: a finished job outlives them, and live ones are looked for on delete.
    private static let version1 = """
        CREATE TABLE checkpoints (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            descriptor TEXT NOT NULL CHECK (json_valid(descriptor))
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE checkpoint_files (
            checkpoint TEXT NOT NULL REFERENCES checkpoints (id) ON DELETE CASCADE,
            ordinal INTEGER NOT NULL,
            path TEXT NOT NULL,
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            size INTEGER NOT NULL CHECK (size >= 0),
            PRIMARY KEY (checkpoint, path)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX checkpoint_files_digest ON checkpoint_files (digest);

        CREATE TABLE datasets (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            descriptor TEXT NOT NULL CHECK (json_valid(descriptor)),
            pack_digest TEXT NOT NULL CHECK (length(pack_digest) = 64),
            pack_size INTEGER NOT NULL CHECK (pack_size >= 0)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX datasets_digest ON datasets (pack_digest);

        CREATE TABLE pictures (
            dataset TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
            ordinal INTEGER NOT NULL,
            path TEXT NOT NULL,
            pack_offset INTEGER NOT NULL CHECK (pack_offset >= 0),
            length INTEGER NOT NULL CHECK (length >= 0),
            PRIMARY KEY (dataset, ordinal)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE jobs (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT,
            metadata TEXT NOT NULL CHECK (json_valid(metadata)),
            priority INTEGER NOT NULL,
            request TEXT NOT NULL CHECK (json_valid(request)),
            checkpoint TEXT NOT NULL,
            dataset TEXT,
            status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
            phase TEXT CHECK (phase IN ('loading', 'scoring', 'pruning', 'finetuning', 'evaluating', 'exporting')),
            progress_phase TEXT,
            progress_completed INTEGER,
            progress_total INTEGER,
            progress_fraction REAL,
            progress_eta REAL,
            created_at INTEGER NOT NULL,
            started_at INTEGER,
            finished_at INTEGER,
            attempt INTEGER NOT NULL DEFAULT 1 CHECK (attempt >= 1),
            worker TEXT,
            cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
            result_checkpoint TEXT,
            result_pruned TEXT,
            error_code TEXT,
            error_detail TEXT,
            CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
            CHECK ((status = 'running') = (worker IS NOT NULL)),
            CHECK (status NOT IN ('running', 'succeeded') OR started_at IS NOT NULL),
            CHECK (status = 'running' OR phase IS NULL),
            CHECK (status = 'running' OR cancel_requested = 0),
            CHECK ((status = 'failed') = (error_code IS NOT NULL)),
            CHECK ((error_code IS NULL) = (error_detail IS NULL)),
            CHECK ((progress_phase IS NULL) = (progress_completed IS NULL))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX jobs_queue ON jobs (status, priority DESC, id);

        CREATE TRIGGER jobs_finished_stay_finished BEFORE UPDATE OF status ON jobs
        WHEN OLD.status IN ('succeeded', 'failed', 'cancelled') AND NEW.status IS NOT OLD.status
        BEGIN SELECT RAISE(ABORT, 'a finished job stays as it ended'); END;

        CREATE TABLE job_events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            time INTEGER NOT NULL,
            event TEXT NOT NULL,
            data TEXT NOT NULL CHECK (json_valid(data))
        ) STRICT;
        CREATE INDEX job_events_job ON job_events (job, id);

        CREATE TABLE job_metrics (
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            section TEXT NOT NULL,
            value TEXT NOT NULL CHECK (json_valid(value)),
            PRIMARY KEY (job, section)
        ) STRICT;

        CREATE TABLE job_series (
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            series TEXT NOT NULL,
            x INTEGER NOT NULL,
            point TEXT NOT NULL,
            PRIMARY KEY (job, series, x)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE job_files (
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            size INTEGER NOT NULL CHECK (size >= 0),
            PRIMARY KEY (job, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_files_digest ON job_files (digest);
        """

    /// Whose a thing is: the token it was stored or queued with. No foreign key: what a revoked token stored stays.
    private static let tokens = """
        CREATE TABLE tokens (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
            scope TEXT NOT NULL CHECK (scope IN ('read', 'write')),
            created_at INTEGER NOT NULL,
            upload_bytes INTEGER CHECK (upload_bytes >= 0),
            stored_bytes INTEGER CHECK (stored_bytes >= 0),
            queued_jobs INTEGER CHECK (queued_jobs >= 0)
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE checkpoints ADD COLUMN token TEXT;
        ALTER TABLE datasets ADD COLUMN token TEXT;
        ALTER TABLE jobs ADD COLUMN token TEXT;
        CREATE INDEX checkpoints_token ON checkpoints (token);
        CREATE INDEX datasets_token ON datasets (token);
        CREATE INDEX jobs_token ON jobs (token, status);
        """

    private static let answers = """
        CREATE TABLE kept_answers (
            client TEXT NOT NULL,
            key TEXT NOT NULL,
            fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),
            answer TEXT NOT NULL CHECK (json_valid(answer)),
            created_at INTEGER NOT NULL,
            PRIMARY KEY (client, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX kept_answers_time ON kept_answers (created_at);
        """

    /// One end, and so one event, for each job that named someone to tell. The secret goes when there is nothing left to sign.
    private static let webhooks = """
        CREATE TABLE webhooks (
            job TEXT PRIMARY KEY NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            url TEXT NOT NULL,
            secret TEXT NOT NULL,
            event TEXT UNIQUE,
            status TEXT NOT NULL CHECK (status IN ('waiting', 'pending', 'delivered', 'failed')),
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            next_at INTEGER,
            trouble TEXT,
            CHECK ((status = 'waiting') = (event IS NULL)),
            CHECK ((status = 'pending') = (next_at IS NOT NULL)),
            CHECK ((status IN ('waiting', 'pending')) = (secret <> ''))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX webhooks_due ON webhooks (status, next_at);
        """

    /// What an event waits for if it is not taken: see ``WebhookLane``.
    private static let webhookHosts = "ALTER TABLE webhooks ADD COLUMN host TEXT NOT NULL DEFAULT ''"

    private static let uploads = """
        CREATE TABLE uploads (
            id TEXT PRIMARY KEY NOT NULL,
            length INTEGER NOT NULL CHECK (length >= 0),
            offset INTEGER NOT NULL CHECK (offset BETWEEN 0 AND length),
            metadata TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            token TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX uploads_token ON uploads (token);

        CREATE TRIGGER uploads_do_not_shrink BEFORE UPDATE OF offset ON uploads WHEN NEW.offset < OLD.offset
        BEGIN SELECT RAISE(ABORT, 'what was acknowledged is not taken back'); END;
        """

    /// The one row of the store itself: which data folder it belongs to, and its own time (``StoreClock``).
    private static let store = """
        CREATE TABLE store (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            identity TEXT NOT NULL,
            clock INTEGER NOT NULL,
            doubted_at INTEGER,
            doubted_for INTEGER NOT NULL DEFAULT 0 CHECK (doubted_for >= 0)
        ) STRICT;
        """

    /// `removals` are the manifests of rows that were deleted, until their files are gone for good.
    private static let manifests = """
        ALTER TABLE checkpoints ADD COLUMN manifest TEXT CHECK (length(manifest) = 64);
        ALTER TABLE checkpoints ADD COLUMN manifest_size INTEGER CHECK (manifest_size >= 0);
        ALTER TABLE datasets ADD COLUMN manifest TEXT CHECK (length(manifest) = 64);
        ALTER TABLE datasets ADD COLUMN manifest_size INTEGER CHECK (manifest_size >= 0);
        CREATE INDEX checkpoints_manifest ON checkpoints (manifest);
        CREATE INDEX datasets_manifest ON datasets (manifest);
        CREATE TABLE removals (digest TEXT PRIMARY KEY NOT NULL CHECK (length(digest) = 64)) STRICT, WITHOUT ROWID;
        """

    /// How many times the database was written to (``CommitWitness``), and what was found to be missing of that.
    private static let commits = """
        ALTER TABLE store ADD COLUMN commits INTEGER NOT NULL DEFAULT 0 CHECK (commits >= 0);
        ALTER TABLE store ADD COLUMN lost INTEGER NOT NULL DEFAULT 0 CHECK (lost >= 0);
        ALTER TABLE store ADD COLUMN lost_found_at INTEGER CHECK ((lost > 0) = (lost_found_at IS NOT NULL));
        """

    /// What is said of a picture beside it, and the file of embeddings of all of them. A picture's class is null where its folder tells it.
    private static let conditions = """
        ALTER TABLE pictures ADD COLUMN class INTEGER CHECK (class >= 0);
        ALTER TABLE pictures ADD COLUMN caption TEXT;
        ALTER TABLE datasets ADD COLUMN embeddings_digest TEXT CHECK (length(embeddings_digest) = 64);
        ALTER TABLE datasets ADD COLUMN embeddings_size INTEGER
            CHECK (embeddings_size >= 0) CHECK ((embeddings_size IS NULL) = (embeddings_digest IS NULL));
        CREATE INDEX datasets_embeddings ON datasets (embeddings_digest);
        """

    /// What was found to be damaged, and how far the walk over all blobs has come.
    private static let damagedBlobs = """
        CREATE TABLE damaged_blobs (
            digest TEXT PRIMARY KEY NOT NULL CHECK (length(digest) = 64),
            found TEXT NOT NULL,
            fingerprint TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE blob_walk (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            last TEXT CHECK (length(last) = 64)
        ) STRICT;
        INSERT INTO blob_walk (id) VALUES (0);
        """
}
