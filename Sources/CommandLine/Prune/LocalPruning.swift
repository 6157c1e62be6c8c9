import Documents
import Foundation
import Jobs
import Storage

/// What `pruner prune` does: the work in a folder beside the place of the result, and the result moved there when it is whole.
struct LocalPruning {
    /// The API's request, without checkpoint and dataset.
    let request: JSON
    /// What is said beside the checkpoint's files.
    let choices: CheckpointChoices
    /// What is said beside the pictures.
    let pictureChoices: DatasetChoices
    let resources: JobResources
    let screen: Screen

    /// Does the job, or goes on with it.
    ///
    /// - Parameters:
    ///   - out: where the result is to appear.
    ///   - restarting: whether what another command began there is thrown away.
    /// - Returns: the summary.
    /// - Throws: ``CommandFailure``; ``LocalJob/Interrupted`` after a signal.
    func run(checkpoint: String, dataset: String?, out: String, restarting: Bool) async throws -> JSON {
        try checkRequest(dataset: dataset)
        let inputs = try inputs(checkpoint, dataset)
        let folder = try UnfinishedFolder(for: out)
        let signals = EndSignals { [screen] number in
            screen.tell("stopped before the job began; the same command begins again")
            _exit(EndSignals.status(number))
        }
        defer { signals.end() }
        if restarting { try folder.clear() }
        try begin(in: folder, inputs)
        if folder.hasResult {
            // An earlier command died on its last step.
            return try finished(folder)
        }
        do {
            let database = try Database(folder: folder.store)
            // Not when the last of the worker's thread lets go of it: what SQLite takes away by itself must be gone before the folder is.
            defer { database.close() }
            let work = LocalJob(database: database, resources: resources, screen: screen)
            let job: Job
            if let earlier = try work.earlier() {
                job = earlier
            } else {
                let ids = try work.takeIn(inputs)
                job = try work.enqueue(work.validated(body(ids)))
            }
            let ended = job.status.isLive ? try await work.run(job, signals) : job
            signals.then { [screen] number in
                screen.tell("stopped while the result was written; the same command goes on from there")
                _exit(EndSignals.status(number))
            }
            if let failure = ended.failure { throw CommandFailure(.failed, "the job failed: \(failure.detail) (\(failure.code))") }
            try? FileManager.default.removeItem(at: folder.assembling)
            try await ResultFolder(database: database, job: ended).write(to: folder.assembling)
            try folder.assembled()
        } catch let error as CommandFailure {
            // Nothing of it would serve another attempt.
            folder.remove()
            throw error
        }
        return try finished(folder)
    }

    /// What the job would give and take.
    func forecast(checkpoint: String, dataset: String?) throws -> JSON {
        try checkRequest(dataset: dataset)
        let inputs = try inputs(checkpoint, dataset)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pruner-\(UUID().uuidString)")
        let signals = EndSignals { number in
            try? FileManager.default.removeItem(at: folder)
            _exit(EndSignals.status(number))
        }
        defer {
            signals.end()
            try? FileManager.default.removeItem(at: folder)
        }
        let work = LocalJob(database: try Database(folder: folder), resources: resources, screen: screen)
        let valid = try work.validated(body(work.takeIn(inputs)))
        screen.clear()
        return try JobForecast(job: valid, resources: resources, memory: .unlimited).json()
    }

    /// Refuses early what needs no look at the checkpoint.
    private func checkRequest(dataset: String?) throws {
        let (_, errors) = JobRequest.read(body(LocalJob.Identifiers(checkpoint: "", dataset: dataset)))
        guard errors.isEmpty else { throw CommandFailure(.usage, RequestErrors.text(errors)) }
    }

    private func inputs(_ checkpoint: String, _ dataset: String?) throws -> LocalJob.Inputs {
        let judged = JudgedFiles(request)
        return LocalJob.Inputs(
            checkpoint: try LocalFiles(path: checkpoint, isCheckpoint: true), dataset: try dataset.map { try LocalFiles(path: $0) },
            extractor: try judged.extractor.map { try LocalFiles(path: $0, isFile: true) },
            reference: try judged.reference.map { try LocalFiles(path: $0, isFile: JudgedFiles.areStatistics($0)) },
            choices: choices, pictureChoices: pictureChoices)
    }

    private func body(_ ids: LocalJob.Identifiers) -> JSON {
        JudgedFiles.replaced(in: request, extractor: ids.extractor, reference: ids.reference)
            .replacing(["checkpoint": .string(ids.checkpoint), "dataset": .optional(ids.dataset)])
    }

    /// Takes note of what this command is to do, or makes sure that it is what an earlier one began.
    private func begin(in folder: UnfinishedFolder, _ inputs: LocalJob.Inputs) throws {
        let digests = LocalJob.Identifiers(
            checkpoint: try digest(inputs.checkpoint), dataset: try inputs.dataset.map { try digest($0) },
            extractor: try inputs.extractor.map { try digest($0) }, reference: try inputs.reference.map { try digest($0) })
        // With every default, so that saying one changes nothing.
        let beside =
            [JSON.Member("variant", .optional(choices.variant))]
            + (choices.sampleSize.map { [.init("sample_size", .string($0.description))] } ?? [])
            + pictureChoices.queries.map { .init($0.name, .string($0.value)) }
        let wanted = JobRequest.read(body(digests)).request.json.adding(beside)
        guard let begun = try folder.begun() else { return try folder.begin(wanted) }
        let differences = Self.differences(begun, wanted)
        guard differences.isEmpty else {
            throw CommandFailure(
                .usage,
                "--out: another command has begun at \(folder.path) and is not done; it differs in \(differences.joined(separator: ", "))\n"
                    + "give that command again to go on with it, or add --restart to throw it away")
        }
    }

    private func digest(_ files: LocalFiles) throws -> String {
        try files.digest { screen.show(ShownProgress("reading", bytes: $0, of: files.size)) }
    }

    /// The fields whose values are not the same, by the options that give them.
    private static func differences(_ one: JSON, _ other: JSON) -> [String] {
        func fields(_ json: JSON, _ pointer: String) -> [String: JSON] {
            guard case .object(let members) = json else { return [pointer: json] }
            return members.reduce(into: [:]) { all, member in all.merge(fields(member.value, "\(pointer)/\(member.name)")) { $1 } }
        }
        let (left, right) = (fields(one, ""), fields(other, ""))
        // A phase that only one of them has differs as a whole.
        let phases = ["/pruning", "/finetuning", "/evaluation"].filter { left[$0] != right[$0] }
        let pointers = Set(left.keys).union(right.keys).filter { pointer in
            left[pointer] != right[pointer] && !phases.contains { pointer.hasPrefix("\($0)/") }
        }
        return Array(Set(pointers.map(RequestErrors.name))).sorted()
    }

    /// Moves the whole result to its place.
    private func finished(_ folder: UnfinishedFolder) throws -> JSON {
        try folder.finish()
        screen.clear()
        return try JobSummary.json(of: folder.out)
    }
}
