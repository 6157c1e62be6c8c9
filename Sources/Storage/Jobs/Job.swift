import GRDB

/// A job as it stands in the queue.
public struct Job: Sendable, Equatable {
    /// `job_…`
    public let id: String
    /// The name it was given.
    public let name: String?
    /// The client's own JSON object.
    public let metadata: String
    /// Higher runs first.
    public let priority: Int
    /// The request as JSON with every default filled in; the store does not read it.
    public let request: String
    /// The checkpoint it starts from.
    public let checkpoint: String
    /// The dataset it needs.
    public let dataset: String?
    /// Where it is in its life.
    public let status: JobStatus
    /// What it is at; nil unless running.
    public let phase: JobPhase?
    /// The last progress, kept when the job ends; of a job that waits, where it will go on.
    public let progress: JobProgress?
    /// When it was queued.
    public let createdAt: Timestamp
    /// When this attempt began.
    public let startedAt: Timestamp?
    /// When it ended, however it ended.
    public let finishedAt: Timestamp?
    /// From 1, one more each time the end of the process cut it off.
    public let attempt: Int
    /// Who runs it; nil unless running.
    public let worker: String?
    /// Whether its worker has been asked to stop.
    public let cancelRequested: Bool
    /// Whether its worker has been asked to put it aside.
    public let pauseRequested: Bool
    /// The checkpoint of the last stage that is done.
    public let resultCheckpoint: String?
    /// The checkpoint of the pruning stage.
    public let resultPruned: String?
    /// The token it was queued with.
    public let token: String?
    /// The sweep that it is one of.
    public let sweep: String?
    /// Why it failed; nil unless it did.
    public let failure: JobFailure?
    /// What is told of it beside how it ended: what was known as it was queued, then what its phases found.
    public internal(set) var warnings: [JobWarning] = []
    /// How far the telling of its end is; nil where no one is to be told.
    public internal(set) var webhook: JobWebhook?

    /// As it was when it ended, before anyone was told of it.
    public var asEnded: Job {
        var job = self
        job.webhook = webhook?.untried
        return job
    }

    init(_ row: Row) throws {
        guard let status = JobStatus(rawValue: row["status"]) else {
            throw StorageError.database(doing: "read a job", found: "status \(row["status"] as String)")
        }
        id = row["id"]
        name = row["name"]
        metadata = row["metadata"]
        priority = row["priority"]
        request = row["request"]
        checkpoint = row["checkpoint"]
        dataset = row["dataset"]
        self.status = status
        phase = (row["phase"] as String?).flatMap(JobPhase.init(rawValue:))
        progress = (row["progress_phase"] as String?).flatMap(JobPhase.init(rawValue:)).map {
            JobProgress(
                phase: $0, completed: row["progress_completed"], total: row["progress_total"], fraction: row["progress_fraction"],
                overall: row["progress_overall"], remaining: row["progress_eta"])
        }
        createdAt = Timestamp(milliseconds: row["created_at"])
        startedAt = (row["started_at"] as Int64?).map(Timestamp.init(milliseconds:))
        finishedAt = (row["finished_at"] as Int64?).map(Timestamp.init(milliseconds:))
        attempt = row["attempt"]
        worker = row["worker"]
        cancelRequested = row["cancel_requested"]
        pauseRequested = row["pause_requested"]
        resultCheckpoint = row["result_checkpoint"]
        resultPruned = row["result_pruned"]
        token = row["token"]
        sweep = row["sweep"]
        failure = (row["error_code"] as String?).map { JobFailure(code: $0, detail: row["error_detail"]) }
    }
}
