import ArgumentParser
import Documents
import Foundation

/// `pruner logs JOB`: what happened to a job at a server.
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Tells what happened to a job at a server, and with --follow what happens to it until it ends.",
        discussion: "With --follow it exits with 1 when the job fails or is cancelled.")

    @Argument(help: "The job, job_…", completion: ServerOptions.jobs) var job: String
    @Flag(help: "Go on until the job has ended.") var follow = false
    @OptionGroup(title: "Where") var server: ServerOptions
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print each event as JSON, one a line.") var json = false

    func run() throws {
        let screen = Screen(isQuiet: quiet)
        try CommandFailure.reporting(on: screen) {
            let client = try server.client(screen)
            let id = ServiceClient.escaped(job)
            guard follow else {
                guard case .array(let events) = try client.get("/v1/jobs/\(id)/events")["data"] else { return }
                return events.forEach { tell($0) }
            }
            let ended = try JobWatch(client: client, screen: screen) { event in
                screen.clear()
                tell(event)
            }.watch(id)
            try JobWatch.check(ended)
        }
    }

    private func tell(_ event: JSON) {
        // Written at once, whatever standard output is: whoever follows waits for it.
        try? FileHandle.standardOutput.write(contentsOf: Data((json ? event.compact : JobTable.line(event: event)).utf8 + [0x0A]))
    }
}
