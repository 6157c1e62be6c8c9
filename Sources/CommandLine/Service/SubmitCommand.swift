import ArgumentParser
import Documents
import Foundation
import Jobs

/// `pruner submit`: a job at a server.
struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Posts a job to a server, uploading what it is about, and prints its id.",
        discussion: "Its options are those of prune. With --wait it follows the job, and exits with 1 when that fails.")

    @Option(
        help: "A checkpoint's id; or a diffusers folder, a tar, tar.gz or zip of one, or a file of CompVis's code base to upload.",
        completion: .file())
    var checkpoint: String
    @Option(help: "A dataset's id, or a folder, tar, tar.gz or zip of pictures to upload.", completion: .file()) var dataset: String?

    @OptionGroup(title: "Of what is uploaded") var beside: CheckpointOptions
    @Option(help: "The id of a checkpoint at the server: its configuration, and what else is not sent, goes with weights by themselves.")
    var config: String?
    @OptionGroup(title: "Of pictures that are uploaded") var besidePictures: DatasetOptions
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
            let (_, errors) = JobRequest.read(body.replacing(["checkpoint": "", "dataset": .optional(dataset)]))
            guard errors.isEmpty else { throw CommandFailure(.usage, RequestErrors.text(errors)) }
            let client = try server.client(screen)
            // Whether there is a server, and whether it lets us in, before anything large is read.
            _ = try client.get("/v1/jobs?limit=1")
            let upload = InputUpload(client: client, screen: screen)
            var choices = beside.choices
            choices.config = config
            let checkpoint = try upload.identifier(.checkpoint, checkpoint, choices.queries)
            let dataset = try dataset.map { try upload.identifier(.dataset, $0, besidePictures.choices.queries) }
            var posted = try client.create(
                "/v1/jobs", body.replacing(["checkpoint": .string(checkpoint), "dataset": .optional(dataset)]))
            guard let id = posted["id"]?.word else { throw CommandFailure(.unavailable, "the server's answer names no job") }
            if !json { try FileHandle.standardOutput.write(contentsOf: Data("\(id)\n".utf8)) }
            if wait { posted = try JobWatch(client: client, screen: screen).watch(id) }
            screen.warn(of: posted, id)
            if json { print(posted.pretty, terminator: "") }
            if wait { try JobWatch.check(posted) }
        }
    }
}
