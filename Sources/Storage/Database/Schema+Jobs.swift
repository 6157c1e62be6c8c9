/// What jobs, and what they go by, have gained since the first version.
extension Schema {
    /// `fruitless` counts the attempts since a job last got further for good: started ones count until they save something.
    static let jobSaves = """
        ALTER TABLE jobs ADD COLUMN pause_requested INTEGER NOT NULL DEFAULT 0
            CHECK (pause_requested IN (0, 1)) CHECK (status = 'running' OR pause_requested = 0);
        ALTER TABLE jobs ADD COLUMN fruitless INTEGER NOT NULL DEFAULT 0 CHECK (fruitless >= 0);

        CREATE TABLE job_saves (
            job TEXT PRIMARY KEY NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            phase TEXT NOT NULL CHECK (phase IN ('scoring', 'finetuning')),
            completed INTEGER NOT NULL CHECK (completed >= 0),
            total INTEGER NOT NULL CHECK (total >= completed),
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            size INTEGER NOT NULL CHECK (size >= 0)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_saves_digest ON job_saves (digest);
        """

    /// What a phase left for those after it, until the job ends. Which phases do is the program's to say.
    static let jobKeepings = """
        CREATE TABLE job_keepings (
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            phase TEXT NOT NULL,
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            size INTEGER NOT NULL CHECK (size >= 0),
            PRIMARY KEY (job, phase)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_keepings_digest ON job_keepings (digest);
        """

    /// What is told of a job beside how it ended. `source` is the phase that tells it, empty where it was known as the job was queued.
    static let jobWarnings = """
        CREATE TABLE job_warnings (
            id INTEGER PRIMARY KEY,
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            code TEXT NOT NULL CHECK (code <> ''),
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX job_warnings_job ON job_warnings (job, source);
        """

    /// The share of a whole job that is done; null in what earlier versions wrote.
    static let overallProgress = """
        ALTER TABLE jobs ADD COLUMN progress_overall REAL CHECK (progress_overall BETWEEN 0 AND 1);
        ALTER TABLE job_saves ADD COLUMN overall REAL CHECK (overall BETWEEN 0 AND 1);
        """

    /// A sweep goes with the last of its jobs, whoever deletes it.
    static let sweeps = """
        CREATE TABLE sweeps (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT,
            request TEXT NOT NULL CHECK (json_valid(request)),
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE jobs ADD COLUMN sweep TEXT REFERENCES sweeps (id);
        CREATE INDEX jobs_sweep ON jobs (sweep, id);

        CREATE TRIGGER sweeps_go_with_their_jobs AFTER DELETE ON jobs
        WHEN OLD.sweep IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs WHERE sweep = OLD.sweep)
        BEGIN DELETE FROM sweeps WHERE id = OLD.sweep; END;
        """

    /// What passes of scoring found. The job is told of; it may be gone.
    static let calibrations = """
        CREATE TABLE calibrations (
            key TEXT PRIMARY KEY NOT NULL CHECK (length(key) = 64),
            checkpoint TEXT NOT NULL REFERENCES checkpoints (id) ON DELETE CASCADE,
            dataset TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
            job TEXT NOT NULL,
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            size INTEGER NOT NULL CHECK (size >= 0),
            used_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX calibrations_digest ON calibrations (digest);
        CREATE INDEX calibrations_checkpoint ON calibrations (checkpoint);
        CREATE INDEX calibrations_dataset ON calibrations (dataset);
        """

    /// What is scored without pictures is kept, too: a table's NOT NULL goes with the table.
    static let calibrationsWithoutPictures = """
        CREATE TABLE calibrations_of_all (
            key TEXT PRIMARY KEY NOT NULL CHECK (length(key) = 64),
            checkpoint TEXT NOT NULL REFERENCES checkpoints (id) ON DELETE CASCADE,
            dataset TEXT REFERENCES datasets (id) ON DELETE CASCADE,
            job TEXT NOT NULL,
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            size INTEGER NOT NULL CHECK (size >= 0),
            used_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO calibrations_of_all SELECT key, checkpoint, dataset, job, digest, size, used_at FROM calibrations;
        DROP TABLE calibrations;
        ALTER TABLE calibrations_of_all RENAME TO calibrations;
        CREATE INDEX calibrations_digest ON calibrations (digest);
        CREATE INDEX calibrations_checkpoint ON calibrations (checkpoint);
        CREATE INDEX calibrations_dataset ON calibrations (dataset);
        """

    /// Which phases there are is the program's to say: a new one is no change of the tables. A CHECK is taken away as SQLite's documentation of
    /// ALTER TABLE has it for changes that do not touch what is stored.
    static let phases = """
        PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(
            sql, ' CHECK (phase IN (''loading'', ''scoring'', ''pruning'', ''finetuning'', ''evaluating'', ''exporting''))', '')
        WHERE type = 'table' AND name = 'jobs';
        UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (phase IN (''scoring'', ''finetuning''))', '')
        WHERE type = 'table' AND name = 'job_saves';
        PRAGMA writable_schema = RESET;
        """

    /// A second dataset that a job needs. As the first it is no foreign key.
    static let references = """
        ALTER TABLE jobs ADD COLUMN reference TEXT;
        """

    /// Networks that make features of pictures, and statistics of features. Whose they are as of checkpoints; a job's extractor is no foreign
    /// key, nor is its reference, which may be of either kind.
    static let evaluationFiles = """
        CREATE TABLE evaluation_files (
            id TEXT PRIMARY KEY NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('extractor', 'statistics')),
            name TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            descriptor TEXT NOT NULL CHECK (json_valid(descriptor)),
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            size INTEGER NOT NULL CHECK (size >= 0),
            token TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX evaluation_files_kind ON evaluation_files (kind, id);
        CREATE INDEX evaluation_files_digest ON evaluation_files (digest);
        CREATE INDEX evaluation_files_token ON evaluation_files (token);
        ALTER TABLE jobs ADD COLUMN extractor TEXT;
        """
}
