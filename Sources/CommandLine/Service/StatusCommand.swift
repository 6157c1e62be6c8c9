import ArgumentParser
import Documents
import Foundation
import Storage

extension JobStatus: ExpressibleByArgument {}

/// `pruner status [JOB]`: how jobs at a server stand.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Lists the jobs at a server, newest first, or shows one.")

    @Argument(help: "The job, job_…; without it all are listed.", completion: ServerOptions.jobs) var job: String?
    @Option(help: "List only jobs that are in this state.") var status: JobStatus?
    @Option(help: "How many to list, 1 to 100.") var limit = 20
    @OptionGroup(title: "Where") var server: ServerOptions
    @Flag(help: "Print what the server answers, as JSON.") var json = false

    func validate() throws {
        guard (1...100).contains(limit) else { throw ValidationError("--limit must be between 1 and 100") }
    }

    func run() throws {
        let screen = Screen(isQuiet: false)
        try CommandFailure.reporting(on: screen) {
            let client = try server.client(screen)
            guard let job else {
                let list = try client.get("/v1/jobs?limit=\(limit)" + (status.map { "&status=\($0.rawValue)" } ?? ""))
                return print(json ? list.pretty : JobTable.text(list: list), terminator: "")
            }
            let path = "/v1/jobs/\(ServiceClient.escaped(job))"
            let found = try client.get(path)
            guard !json else { return print(found.pretty, terminator: "") }
            print(JobTable.text(job: found), terminator: "")
            if found["status"]?.word == "succeeded" {
                let metrics = try client.get("\(path)/metrics")
                print(JobSummary.text(metrics.replacing(["request": found["request"] ?? .null])), terminator: "")
            }
        }
    }
}
