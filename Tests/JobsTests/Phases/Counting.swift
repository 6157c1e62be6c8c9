import Documents
import Engine
import Foundation
import Jobs
import Storage

/// A phase that only tests have: it counts, as often as a request's sampler would step.
struct Counting: Phase {
    // One that the store takes saves of.
    static let name = JobPhase.scoring
    static let pointer = "/evaluation"
    static let section = MetricsSection("counting", hasSeries: true)
    static let sections = [section]

    static let count = 6
    static let samples = 2
    static let bytes = 5 << 20

    init?(_ request: JobRequest) {}

    func steps(_ shape: JobShape) -> [PhaseSteps] {
        [PhaseSteps(.original, isTraining: true, count: Self.count, samples: Self.samples)]
    }

    func fixedBytes(_ shape: JobShape) -> Int { Self.bytes }

    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        BatchPlan(shape.before.graph, samples: Self.samples, isTraining: true, limit: memory, parallel: shape.parallel)
    }

    func run(_ job: RunningJob) throws {
        let done = try job.saved(Self.name) { Int(try String(contentsOfFile: $0, encoding: .utf8)) ?? 0 } ?? 0
        try job.cutSeries(Self.section, after: done)
        try job.reporter.begin(Self.name, total: Self.count, completed: done)
        for number in done..<Self.count {
            try job.reporter.step(series: Self.section, x: number + 1, point: ["number": .integer(number + 1), "from": .integer(done)]) {
                try job.blob { write in try Array("\(number + 1)".utf8).withUnsafeBytes { try write($0) } }
            }
        }
        try job.reporter.flush()
        try job.write(["count": .integer(Self.count), "activations": .integer(activations(job))], Self.section)
    }
}
