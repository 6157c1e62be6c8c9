import Documents
import Storage

/// What a job measured, as one document.
package enum MetricsPayload {
    /// Every section, in the order in which they are told: what is told of networks, of phases, and of the run.
    private static let sections: [MetricsSection] =
        [.parameters, .macs, .size, .activationMemory] + Phases.all.sections + [.timing, .peakMemory]

    /// The names of those that have series.
    package static let series = sections.filter(\.hasSeries).map(\.name)

    /// Series longer than this are thinned unless every point is asked for.
    static let points = 1000

    /// The API's metrics object, complete or so far.
    ///
    /// - Parameter all: every point of long series, instead of at most 1000 evenly spaced ones.
    package static func document(of job: String, in jobs: JobQueue, all: Bool) throws -> JSON {
        let kept = try jobs.metrics(of: job)
        var members: [JSON.Member] = [.init("job", .string(job))]
        for section in sections {
            var value = try kept[section.name].map { try JSON(parsing: Array($0.utf8)) } ?? .null
            if section.hasSeries, value != .null {
                let points = try jobs.series(section.name, of: job, limit: all ? nil : points)
                value = value.adding([.init("losses", .array(try points.map { try JSON(parsing: Array($0.utf8)) }))])
            }
            members.append(.init(section.name, value))
        }
        return .object(members)
    }
}
