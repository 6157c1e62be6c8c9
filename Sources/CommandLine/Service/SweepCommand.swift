import ArgumentParser
import Documents
import Foundation
import Jobs
import Server

/// `pruner sweep`: jobs at a server that differ in how much they cut.
struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Posts a job for every one of several ratios to a server, and prints the sweep's id.",
        discussion: """
            What the first of them scores serves all. Its options are those of submit; with --wait it follows them, prints what came of \
            each, and exits with 1 unless all have succeeded. Those marked * are on the front: none is both smaller and better.
            """)

    @OptionGroup var inputs: RemoteInputs
    @Option(help: "The shares of channels to remove, 0 to 0.95, with commas between them.") var ratios: ListArgument?
    @OptionGroup(title: "What to do") var job: JobOptions
    @OptionGroup(title: "Where") var server: ServerOptions

    @Flag(help: "Follow the jobs until all have ended.") var wait = false
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print the sweep as JSON, with --wait as it ended.") var json = false

    func run() throws {
        let screen = Screen(isQuiet: quiet)
        try CommandFailure.reporting(on: screen) {
            let body = try body()
            // What needs no server to be seen is told before anything large is sent.
            let (_, errors) = SweepRequest.read(inputs.told(in: body))
            guard errors.isEmpty else { throw CommandFailure(.usage, RequestErrors.text(errors)) }
            let client = try server.client(screen)
            var posted = try client.create("/v1/sweeps", inputs.uploaded(for: body, client, screen))
            guard let id = posted["id"]?.word, case .array(let jobs)? = posted["jobs"] else {
                throw CommandFailure(.unavailable, "the server's answer names no sweep")
            }
            if !json { try FileHandle.standardOutput.write(contentsOf: Data("\(id)\n".utf8)) }
            if wait {
                for job in jobs { _ = try JobWatch(client: client, screen: screen).watch(job.word ?? "") }
                posted = try client.get("/v1/sweeps/\(ServiceClient.escaped(id))")
            }
            if json {
                print(posted.pretty, terminator: "")
            } else if wait {
                print(SweepTable.text(posted), terminator: "")
            }
            if wait, let status = posted["status"]?.word, status != "succeeded" { throw CommandFailure(.failed, "the sweep \(status)") }
        }
    }

    /// The API's request without checkpoint and dataset.
    private func body() throws -> JSON {
        let body = try job.body()
        guard let ratios else { return body }
        return body.replacing(["pruning": (body["pruning"] ?? .object([])).replacing(["ratios": ratios.json])])
    }
}
