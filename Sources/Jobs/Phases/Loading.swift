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
        let source = try StoredCheckpoint(database, job.checkpoint)
        let stages = try JobStages(source, of: job, in: database)
        let teacher = try Teacher(running.request, of: source, for: job).map { ($0, try $0.model(stages.original.model)) }
        let dataset = try job.dataset.map { try StoredPictures(database, $0) }
        let pictures = dataset?.set(for: stages.original.model)
        let digest = try dataset.map { ($0.count, try $0.digest(running.reporter.check)) }
        running.begin(with: JobInputs(source: source, stages: stages, teacher: teacher, pictures: pictures, dataset: digest))
    }
}
