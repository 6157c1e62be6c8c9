import ArgumentParser
import Documents
import Foundation
import Jobs

/// `pruner submit`: a job at a server.
struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Posts a job to a server, uploading what it is about, and prints its id.",
        discussion: "Its options are those of prune. With --wait it follows the job, and exits with 1 when that fails.")

    @OptionGroup var inputs: RemoteInputs
    @OptionGroup(title: "What to do") var job: JobOptions
    @OptionGroup(title: "Where") var server: ServerOptions

    @Flag(help: "Follow the job until it has ended.") var wait = false
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print the job as JSON, with --wait as it ended.") var json = false

    func run() throws {
        let screen = Screen(isQuiet: quiet)
        try CommandFailure.reporting(on: screen) {
            let body = try job.body()
            // What needs no server to be seen is told before anything large is sent.
            let (_, errors) = JobRequest.read(inputs.told(in: body))
            guard errors.isEmpty else { throw CommandFailure(.usage, RequestErrors.text(errors)) }
            let client = try server.client(screen)
            var posted = try client.create("/v1/jobs", inputs.uploaded(for: body, client, screen))
            guard let id = posted["id"]?.word else { throw CommandFailure(.unavailable, "the server's answer names no job") }
            if !json { try FileHandle.standardOutput.write(contentsOf: Data("\(id)\n".utf8)) }
            if wait { posted = try JobWatch(client: client, screen: screen).watch(id) }
            screen.warn(of: posted, id)
            if json { print(posted.pretty, terminator: "") }
            if wait { try JobWatch.check(posted) }
        }
    }
}
