import Documents
import Storage

/// The sections and series in which a job's metrics are kept, and the document made of them.
package enum MetricsPayload {
    /// What a job measures once.
    enum Section: String, CaseIterable {
        case parameters, macs, size
        case activationMemory = "activation_memory"
        case scoring, groups, finetuning, evaluation, timing
        case peakMemory = "peak_memory"
    }

    /// What a job measures again and again.
    package enum Series: String, CaseIterable {
        case scoring, finetuning
    }

    /// Series longer than this are thinned unless every point is asked for.
    static let points = 1000

    /// The API's metrics object, complete or so far.
    ///
    /// - Parameter all: every point of long series, instead of at most 1000 evenly spaced ones.
    package static func document(of job: String, in jobs: JobQueue, all: Bool) throws -> JSON {
        let sections = try jobs.metrics(of: job)
        var members: [JSON.Member] = [.init("job", .string(job))]
        for section in Section.allCases {
            var value = try sections[section.rawValue].map { try JSON(parsing: Array($0.utf8)) } ?? .null
            if let series = Series(rawValue: section.rawValue), value != .null {
                let points = try jobs.series(series.rawValue, of: job, limit: all ? nil : points)
                value = value.adding([.init("losses", .array(try points.map { try JSON(parsing: Array($0.utf8)) }))])
            }
            members.append(.init(section.rawValue, value))
        }
        return .object(members)
    }
}
