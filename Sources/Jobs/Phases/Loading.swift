import Storage

/// Reads what a job is about: its checkpoint without the weights, what earlier attempts made of it, and its pictures.
package struct Loading: Phase {
    package static let name = JobPhase.loading
    package static let pointer = ""
    package static let computes = false

    package init?(_ request: JobRequest) {}

    package func run(_ running: RunningJob) throws {
        let (database, job) = (running.database, running.job)
        try running.reporter.begin(Self.name, total: 1)
        let source = try StoredCheckpoint(database, job.checkpoint, component: running.request.component)
        let described = try job.dataset.map { try DatasetDescriptor(database.datasets.get($0)) }
        let laidOut = try source.architecture()
        let encoding = try EncodingShape(source, laidOut.model, described)
        let original = try JobStages.Stage(source, laidOut.model, tokens: encoding?.tokens)
        let stages = try JobStages(original, of: job, in: database, tokens: encoding?.tokens)
        let teacher = try Teacher(running.request, of: source, for: job).map { lineage in
            let stage = try JobStages.Stage(lineage.checkpoint, tokens: encoding?.tokens)
            return JobInputs.Imitated(lineage: lineage, stage: stage)
        }
        let dataset = try job.dataset.map { try StoredPictures(database, $0) }
        let digest = try dataset.map { ($0, try $0.digest(running.reporter.check)) }
        let pictures = try dataset.flatMap { dataset in
            guard let encoding else { return dataset.set(for: original.model) }
            return encoding.isNeeded ? nil : try dataset.set(encoding, nil, for: original.model)
        }
        let evaluation = running.request.evaluation
        let reference = try evaluation.flatMap { $0.setMetrics.isEmpty ? nil : $0.reference }.map {
            ReferencePictures(try StoredPictures(database, $0), of: $0)
        }
        let held = evaluation?.setMetrics.isEmpty ?? true ? nil : dataset.map { ReferencePictures(heldOutOf: $0) }
        running.begin(
            with: JobInputs(
                source: source, objective: JobObjective(laidOut.model, laidOut.schedule, running.request), stages: stages, teacher: teacher,
                pictures: pictures, dataset: digest, encoding: encoding, reference: reference ?? held))
    }
}
