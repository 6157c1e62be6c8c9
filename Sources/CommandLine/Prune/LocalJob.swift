import Documents
import Foundation
import Jobs
import Logging
import Media
import Storage

/// A job in a data folder of its own, from the files it is about to its end: intake, queue and workers are the service's.
struct LocalJob {
    let database: Database
    let resources: JobResources
    let screen: Screen

    /// What it is about.
    struct Inputs {
        let checkpoint: LocalFiles
        let dataset: LocalFiles?
        /// What makes features of samples.
        var extractor: LocalFiles?
        /// What samples are compared with.
        var reference: LocalFiles?
        /// What is said beside the checkpoint's files.
        let choices: CheckpointChoices
        /// What is said beside the pictures.
        let pictureChoices: DatasetChoices
    }

    /// The same in the folder's store.
    struct Identifiers {
        let checkpoint: String
        let dataset: String?
        var extractor: String?
        var reference: String?
    }

    /// Why the work ended before the job did: a signal.
    struct Interrupted: Error {
        let signal: Int32
        /// Where the job stands.
        let job: Job
    }

    /// What this folder is about; taken in where that was not done before.
    func takeIn(_ inputs: Inputs) throws -> Identifiers {
        let checkpoint = try storedCheckpoint() ?? takeIn(inputs.checkpoint, inputs.choices)
        // As they were taken in: first the job's own pictures, then those that samples are compared with.
        var stored = Array(try database.datasets.list(limit: 2).items.map(\.id).reversed())
        func pictures(_ files: LocalFiles) throws -> String {
            guard stored.isEmpty else { return stored.removeFirst() }
            return try telling(files) {
                let record = try DatasetIntake(database: database).store($0, name: files.name, inputs.pictureChoices)
                screen.warn(of: try record.payload(), files.path)
                return record.id
            }
        }
        let dataset = try inputs.dataset.map(pictures)
        let reference = try inputs.reference.map { files in
            guard JudgedFiles.areStatistics(files.path) else { return try pictures(files) }
            return try database.statistics.list(limit: 1).items.first?.id
                ?? telling(files) { _ in
                    try StatisticsIntake(database: database).store(path: files.path, name: files.name).id
                }
        }
        let extractor = try inputs.extractor.map { files in
            try database.extractors.list(limit: 1).items.first?.id
                ?? telling(files) { _ in
                    try ExtractorIntake(database: database).store(path: files.path, name: files.name).id
                }
        }
        return Identifiers(checkpoint: checkpoint, dataset: dataset, extractor: extractor, reference: reference)
    }

    /// The one that was taken in; results of the job are beside it.
    private func storedCheckpoint() throws -> String? {
        try database.checkpoints.list(limit: 100).items.first { record in
            try CheckpointDescriptor(record).json["source"]?["kind"] == "upload"
        }?.id
    }

    private func takeIn(_ files: LocalFiles, _ choices: CheckpointChoices) throws -> String {
        try telling(files) { source in
            let parts = try database.blobs.unpack(source)
            let record = try CheckpointIntake(database: database).store(parts, name: files.name, choices)
            screen.warn(of: try record.payload(), files.path)
            return record.id
        }
    }

    /// Hands files to `body`, telling how far they are read.
    private func telling(_ files: LocalFiles, _ body: (ArchiveSource) throws -> String) throws -> String {
        do {
            return try files.withSource({ screen.show(ShownProgress("reading", bytes: $0, of: files.size)) }, body)
        } catch let error as StorageError {
            throw error
        } catch {
            throw (error as? CommandFailure) ?? CommandFailure(.data, "\(files.path): \(CommandFailure.sentence(error))")
        }
    }

    /// This folder's job, where an earlier command has queued it; one that was cut off waits in the queue again.
    func earlier() throws -> Job? {
        try database.jobs.recover(maxAttempts: Int(Int32.max))
        guard let job = try database.jobs.list(limit: 1).items.first else { return nil }
        if job.status.isLive { screen.note("going on with what was stopped\(JobSummary.place(job))") }
        return job
    }

    /// A request as a job that can run.
    ///
    /// - Throws: ``CommandFailure`` naming every option that does not fit.
    func validated(_ body: JSON) throws -> JobValidation.Valid {
        let (request, errors) = JobRequest.read(body)
        guard errors.isEmpty else { throw CommandFailure(.usage, RequestErrors.text(errors)) }
        do {
            return try JobValidation(database: database, resources: resources).validated(request)
        } catch JobsError.invalidFields(let errors) {
            throw CommandFailure(.usage, RequestErrors.text(errors))
        }
    }

    /// Queues a job.
    func enqueue(_ valid: JobValidation.Valid) throws -> Job {
        try database.jobs.enqueue(valid.submission)
    }

    /// Runs a job to its end.
    ///
    /// - Returns: the job as it ended.
    /// - Throws: ``Interrupted`` after a signal; then where the job stands is saved.
    func run(_ job: Job, _ signals: EndSignals) async throws -> Job {
        var logger = Logger(label: "pruner") { [screen] _ in ScreenLogHandler(screen) }
        logger.logLevel = .warning
        enum Happening: Sendable {
            case change
            case signal(Int32)
        }
        let (happenings, teller) = AsyncStream.makeStream(of: Happening.self)
        let follower = database.jobs.changes.follow(job.id)
        defer { follower.leave() }
        let changes = Task { for await _ in follower.changes { teller.yield(.change) } }
        defer { changes.cancel() }
        signals.then { teller.yield(.signal($0)) }

        let pool = WorkerPool(database: database, resources: resources, metrics: .untold, logger: logger)
        pool.start(workers: 1)
        // For the first look.
        teller.yield(.change)
        for await happening in happenings {
            switch happening {
            case .change:
                let now = try database.jobs.get(job.id)
                if !now.status.isLive {
                    pool.stop(workers: 1)
                    screen.clear()
                    return now
                }
                // What an attempt before this one left is no news.
                if let progress = now.progress, progress.phase == now.phase {
                    screen.show(
                        ShownProgress(
                            progress.phase.rawValue, steps: progress.completed, of: progress.total, overall: progress.overall,
                            remaining: progress.remaining))
                }
            case .signal(let number):
                screen.note("ending: the job saves where it stands")
                pool.stop(workers: 1)
                let now = try database.jobs.get(job.id)
                guard now.status.isLive else { return now }
                throw Interrupted(signal: number, job: now)
            }
        }
        preconditionFailure("a stream that nobody finishes has ended")
    }
}
