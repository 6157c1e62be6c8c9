import GRDB

/// Something that happened to a job.
public struct JobEvent: Sendable, Equatable {
    /// Grows over all jobs; never used twice.
    public let id: Int64
    /// The job.
    public let job: String
    /// When.
    public let time: Timestamp
    /// `queued`, `started`, `phase`, `cancel_requested`, `pause_requested`, `paused`, `resumed`, `released`, `recovered`, `succeeded`, `failed`, `cancelled`,
    /// `webhook_delivered`, `webhook_failed`.
    public let event: String
    /// A JSON object that goes with it.
    public let data: String

    init(_ row: Row) {
        id = row["id"]
        job = row["job"]
        time = Timestamp(milliseconds: row["time"])
        event = row["event"]
        data = row["data"]
    }
}
