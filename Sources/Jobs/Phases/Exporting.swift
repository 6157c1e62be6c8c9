import Storage

/// Stores the files that the phases before it have left, if they have left any.
struct Exporting: Phase {
    static let name = JobPhase.exporting
    static let pointer = ""
    static let computes = false

    init?(_ request: JobRequest) {}

    func run(_ job: RunningJob) throws {
        let files = job.takeFiles()
        guard !files.isEmpty else { return }
        try job.reporter.begin(Self.name, total: files.count)
        for (name, bytes) in files {
            let writer = try job.database.blobs.writer()
            try writer.write(bytes)
            try job.database.jobs.addFile(job.job.id, name: name, blob: try writer.finish())
            try job.reporter.step()
        }
    }
}
