import CoreMetrics
import Storage
import Synchronization

/// What is counted of running jobs.
package final class JobMetrics: Sendable {
    /// The series' names, as they are exposed.
    package static let steps = "pruner_job_steps_total"
    package static let durations = "pruner_job_phase_duration_seconds"
    package static let work = "pruner_engine_multiply_accumulates_total"

    private let steps: [JobPhase: Counter]
    private let durations: [JobPhase: CoreMetrics.Timer]
    private let work: Counter
    /// Multiply-accumulates a second, by job.
    private let speeds = Mutex<[String: Double]>([:])

    /// Counts in what `factory` makes.
    package init(_ factory: any MetricsFactory) {
        func each<Metric>(_ make: ([(String, String)]) -> Metric) -> [JobPhase: Metric] {
            Dictionary(uniqueKeysWithValues: JobPhase.allCases.map { ($0, make([("phase", $0.rawValue)])) })
        }
        steps = each { Counter(label: Self.steps, dimensions: $0, factory: factory) }
        durations = each { CoreMetrics.Timer(label: Self.durations, dimensions: $0, factory: factory) }
        work = Counter(label: Self.work, factory: factory)
    }

    /// Those that nobody asks for.
    package static var untold: JobMetrics { JobMetrics(NOOPMetricsHandler.instance) }

    /// A job did a step.
    func stepped(_ phase: JobPhase) { steps[phase]?.increment() }

    /// A job is through with a phase.
    func ended(_ phase: JobPhase, seconds: Double) { durations[phase]?.recordSeconds(seconds) }

    /// A job computed for a while. Seconds of several steps: one tells little.
    func computed(_ job: String, multiplyAccumulates: Double, seconds: Double) {
        work.increment(by: Int64(max(0, multiplyAccumulates)))
        speeds.withLock { $0[job] = max(0, multiplyAccumulates) / seconds }
    }

    /// A job computes no more, or nothing that is counted.
    func rests(_ job: String) { speeds.withLock { $0[job] = nil } }

    /// Multiply-accumulates a second of all jobs, as they went lately.
    package var speed: Double { speeds.withLock { $0.values.reduce(0, +) } }
}
