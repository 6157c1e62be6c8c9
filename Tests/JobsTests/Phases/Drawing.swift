import Documents
import Foundation
import Jobs
import Storage

/// A phase that only tests have: it draws something that is never the same again, for the phases after it.
struct Drawing: Phase {
    static let name = JobPhase.encoding
    static let pointer = "/evaluation"
    static let section = MetricsSection("drawing")
    static let sections = [section]

    init?(_ request: JobRequest) {}

    func isDone(in job: RunningJob) -> Bool { (try? job.kept(Self.name)) != nil }

    func run(_ job: RunningJob) throws {
        try job.reporter.begin(Self.name, total: 1)
        let drawn = UUID().uuidString
        try job.write(["drawn": .string(drawn)], Self.section)
        try job.reporter.step()
        try job.keep(Self.name, job.blob { write in try Array(drawn.utf8).withUnsafeBytes { try write($0) } })
    }
}

/// Another: it reads what was drawn.
struct Reading: Phase {
    static let name = JobPhase.evaluating
    static let pointer = "/evaluation"
    static let section = MetricsSection("reading")
    static let sections = [section]

    init?(_ request: JobRequest) {}

    func run(_ job: RunningJob) throws {
        try job.reporter.begin(Self.name, total: 1)
        let read = try job.kept(Drawing.name).map { try String(contentsOfFile: $0, encoding: .utf8) }
        try job.write(["read": read.map(JSON.string) ?? .null], Self.section)
    }
}
