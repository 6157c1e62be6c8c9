import Documents
import Engine
import Foundation
import Logging
import Storage

/// A job at work: what its phases read of it, hand to each other and write for it.
package final class RunningJob {
    let database: Database
    let job: Job
    /// What is asked for.
    package let request: JobRequest
    let resources: JobResources
    /// Counts steps and ends the job between them when it is to stop.
    package let reporter: JobProgressReporter
    private let plan: (JobShape) -> [JobPhase: Double]
    private let rehearsal: (PictureSet, JobObjective) throws -> Void
    private let logger: Logger

    private var found: JobInputs?
    private var scored: ScoredNetwork?
    private var search: SearchRecord?
    private var cut: CutNetwork?
    private var files: [(name: String, bytes: [UInt8])] = []

    /// - Parameters:
    ///   - plan: the multiply-accumulates of each phase, once the job's networks are known.
    ///   - rehearsal: lets all phases draw the pictures that they will draw, in vain.
    init(
        _ job: Job, _ request: JobRequest, in database: Database, resources: JobResources, reporter: JobProgressReporter,
        plan: @escaping (JobShape) -> [JobPhase: Double], rehearsal: @escaping (PictureSet, JobObjective) throws -> Void,
        logger: Logger
    ) {
        self.database = database
        self.job = job
        self.request = request
        self.resources = resources
        self.reporter = reporter
        self.plan = plan
        self.rehearsal = rehearsal
        self.logger = logger
    }

    private var jobs: JobQueue { database.jobs }
    var parallel: Parallel { resources.parallel }

    // MARK: What it is about

    /// Begins with what the job is about.
    func begin(with inputs: JobInputs) {
        found = inputs
        reporter.plan(plan(shape))
    }

    /// What the job is about. Its first phase has read it.
    var inputs: JobInputs {
        guard let found else { preconditionFailure("a phase came before the one that loads") }
        return found
    }

    /// The networks as far as the job has come, and how many pictures.
    package var shape: JobShape {
        let stages = inputs.stages
        return JobShape(
            request: request, before: stages.original.model, after: stages.latest.model, teacher: inputs.teacher?.model,
            objective: inputs.objective, encoding: inputs.encoding, pictures: inputs.dataset?.pictures.count ?? 0, parallel: parallel,
            references: inputs.reference?.count ?? 0, hasStatistics: inputs.statistics != nil,
            extractor: inputs.extractor?.checkpoint)
    }

    /// Whether its first phase has read what it is about.
    var hasBegun: Bool { found != nil }

    /// Lets all phases draw the pictures that they will draw, in vain.
    func rehearse(on pictures: PictureSet) throws { try rehearsal(pictures, inputs.objective) }

    /// Shows the networks these pictures from now on.
    func look(at pictures: PictureSet) { found?.pictures = pictures }

    // MARK: What phases hand on

    /// Leaves what was scored for whoever cuts it.
    func leave(_ network: ScoredNetwork) { scored = network }

    /// What was scored, if anything was; it is the caller's then, who lets go of it.
    func takeScored() -> ScoredNetwork? {
        defer { scored = nil }
        return scored
    }

    /// Leaves what was found by trying for whoever makes that cut.
    func leave(_ record: SearchRecord) { search = record }

    /// What was found by trying, if anything was looked for.
    func takeSearch() -> SearchRecord? {
        defer { search = nil }
        return search
    }

    /// Leaves what was cut for whoever reconstructs it.
    func leave(_ network: CutNetwork) { cut = network }

    /// What was cut, if anything was; it is the caller's then.
    func takeCut() -> CutNetwork? {
        defer { cut = nil }
        return cut
    }

    /// Leaves files that are to be the job's.
    func leave(_ made: [(name: String, bytes: [UInt8])]) { files += made }

    /// The files that were left; they are the caller's then.
    func takeFiles() -> [(name: String, bytes: [UInt8])] {
        defer { files = [] }
        return files
    }

    /// The number formats that results are stored in.
    func formats() throws -> NumberFormats { try request.dtype.map { NumberFormats($0.scalar) } ?? inputs.source.formats() }

    /// Stores a result, which is the network that later phases work on.
    func store(_ result: DiffusionCheckpoint, as stage: ResultManifest.Stage) throws {
        let inputs = inputs
        let manifest = ResultManifest(
            stage: stage, request: request, source: inputs.source, teacher: inputs.teacher?.lineage.checkpoint,
            dataset: inputs.dataset.map { ($0.pictures.count, $0.digest, $0.pictures.isTurned) },
            threads: parallel.threads, warnings: inputs.source.assumptions + result.warnings)
        let stored = try JobStages.Stage(
            inputs.source.store(result, job: job, manifest: manifest), tokens: inputs.encoding?.tokens)
        found?.stages[stage] = stored
        reporter.replan(plan(shape))
    }

    /// Writes what a phase has to warn of, in place of what it, or an earlier attempt of it, warned of before.
    ///
    /// - Throws: ``StorageError``.
    func warn(_ warnings: [Warning], of phase: JobPhase) throws {
        try jobs.setWarnings(warnings.map { JobWarning($0) }, of: job.id, from: phase)
    }

    // MARK: Saves

    /// Where an earlier attempt stood in a phase; nil where there was none, or it cannot be read: then the phase begins again.
    package func saved<State>(_ phase: JobPhase, _ read: (String) throws -> State) throws -> State? {
        guard let save = try jobs.saved(job.id), save.phase == phase,
            let state = readBack(save.digest, of: job.id, "what was saved", orElse: "begins \(phase.rawValue) again", read)
        else { return nil }
        logger.info("\(job.id) goes on at \(phase.rawValue) \(save.completed)")
        return state
    }

    /// What `read` makes of a blob that has the bytes that were written; nil where it cannot be read, which the log tells.
    ///
    /// - Parameters:
    ///   - writer: the job that wrote it.
    ///   - consequence: what this job does then.
    private func readBack<Found>(
        _ digest: BlobDigest, of writer: String, _ file: String, orElse consequence: String, _ read: (String) throws -> Found
    ) -> Found? {
        do {
            close(try database.blobs.open(digest, of: .job, writer, file: file))
            return try read(database.blobs.url(for: digest).path)
        } catch {
            logger.error("\(job.id) \(consequence): \(file) cannot be read: \(error)")
            return nil
        }
    }

    // MARK: What phases keep

    /// Keeps what a phase made for those after it, in place of what it kept before, until the job ends: no later attempt need make it again.
    ///
    /// It ends the phase: what that tells in the metrics is written before.
    /// - Throws: ``StorageError``.
    package func keep(_ phase: JobPhase, _ blob: StoredBlob) throws {
        // An attempt that does not do the phase again knows its time from here.
        try reporter.writeTime()
        try jobs.keep(job.id, phase, blob)
    }

    /// The path of what a phase kept, with the bytes that were written, in this attempt or an earlier one; nil where it kept nothing, or it
    /// cannot be read: then it is to be made again.
    ///
    /// The bytes are read and compared once in a process; after that it costs little to ask.
    package func kept(_ phase: JobPhase) throws -> String? {
        try jobs.kept(job.id, phase).flatMap { kept in
            readBack(kept.digest, of: job.id, "what \(phase.rawValue) kept", orElse: "has to do \(phase.rawValue) again") { $0 }
        }
    }

    // MARK: What serves other jobs

    /// What a pass of scoring found that depended on the same, and the job whose pass it was; nil where there is none, or it cannot be
    /// read: then it is to be found again.
    func calibration<Found>(_ key: BlobDigest, _ read: (String) throws -> Found) throws -> (found: Found, scorer: String)? {
        guard let known = try database.calibrations.find(key),
            let found = readBack(known.digest, of: known.job, "what \(known.job) scored", orElse: "has to score again", read)
        else { return nil }
        try database.calibrations.noteUse(key)
        return (found, known.job)
    }

    /// Keeps what this job's pass of scoring found.
    func keepCalibration(
        _ key: BlobDigest, _ write: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        // An attempt that finds it knows from here how long the pass took.
        try reporter.writeTime()
        try database.calibrations.keep(key, checkpoint: request.checkpoint, dataset: request.dataset, job: job.id, blob(write))
    }

    /// What `write` writes, as a blob.
    package func blob(_ write: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws -> StoredBlob {
        let writer = try database.blobs.writer()
        try write { try writer.write($0) }
        return try writer.finish()
    }

    /// Writes a document as a blob.
    func blob(_ document: JSON) throws -> StoredBlob { try blob { sink in try Array(document.compact.utf8).withUnsafeBytes(sink) } }

    // MARK: Metrics

    /// Writes a section of the metrics.
    package func write(_ value: JSON, _ section: MetricsSection) throws {
        try jobs.setMetrics(job.id, section: section.name, value: value.compact)
    }

    /// The losses of a section's series behind `x`, up to `count` of them.
    func losses(_ section: MetricsSection, after x: Int, count: Int) throws -> [Double] {
        try jobs.series(section.name, of: job.id, after: x, limit: count).compactMap {
            try JSON(parsing: Array($0.point.utf8))["loss"]?.double
        }
    }

    /// All points of a section's series.
    func points(_ section: MetricsSection) throws -> [(x: Int, point: JSON)] {
        try jobs.series(section.name, of: job.id, after: -1, limit: .max).map { ($0.x, try JSON(parsing: Array($0.point.utf8))) }
    }

    /// The highest loss of a section's series, of a thousand evenly spaced ones where it is longer; 0 where there is none.
    func peak(_ section: MetricsSection) throws -> Double {
        try jobs.series(section.name, of: job.id, limit: 1000).compactMap { try JSON(parsing: Array($0.utf8))["loss"]?.double }.max() ?? 0
    }

    /// Drops the points of a section's series beyond `x`, where the job goes on; all of them where it begins.
    package func cutSeries(_ section: MetricsSection, after x: Int?) throws { try jobs.cutSeries(section.name, of: job.id, after: x) }

    /// Writes parameters, multiply-accumulates and bytes before and after, as far as the job has come.
    func writeSizes() throws {
        let stages = inputs.stages
        let tokens = inputs.source.tokens
        let (before, after) = (stages.original.model.described(tokens: tokens).graph, stages.latest.model.described(tokens: tokens).graph)
        try write(["before": .integer(before.parameterCount), "after": .integer(after.parameterCount)], .parameters)
        try write(["before": .integer(before.multiplyAccumulates), "after": .integer(after.multiplyAccumulates)], .macs)
        try write(["before": .integer(stages.original.checkpoint.size), "after": .integer(stages.latest.checkpoint.size)], .size)
        try write(
            ["before": .integer(before.sampleBytes(parallel)), "after": .integer(after.sampleBytes(parallel))], .activationMemory)
    }
}
