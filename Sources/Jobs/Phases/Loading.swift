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
        let judges = !(evaluation?.setMetrics.isEmpty ?? true)
        let statistics = try (judges ? evaluation?.reference : nil).flatMap { id in
            try EvaluationFile.areStatistics(id, in: database) ? StoredStatistics(database, id) : nil
        }
        let isOfPictures = judges && statistics == nil
        let reference = try (isOfPictures ? evaluation?.reference : nil).map {
            ReferencePictures(try StoredPictures(database, $0), of: $0)
        }
        let held = isOfPictures ? dataset.map { ReferencePictures(heldOutOf: $0) } : nil
        let extractor = try evaluation?.extractor.map { id in
            try StoredExtractor(EvaluationFile(try database.extractors.get(id)), in: database)
        }
        running.begin(
            with: JobInputs(
                source: source, objective: JobObjective(laidOut.model, laidOut.schedule, running.request), stages: stages, teacher: teacher,
                pictures: pictures, dataset: digest, encoding: encoding, reference: reference ?? held, statistics: statistics,
                extractor: extractor))
    }
}
