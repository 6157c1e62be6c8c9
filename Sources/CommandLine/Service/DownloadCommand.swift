import ArgumentParser
import Foundation

/// `pruner download`: what a server has, as files.
struct DownloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download", abstract: "Fetches a checkpoint, or all that a job gave, from a server.",
        discussion: """
            Into a folder a job gives what prune gives; into an archive its last checkpoint alone. Every file is compared with its digest.
            A command that is cut off goes on where it stopped when it is given again.
            """)

    @Argument(help: "A job or a checkpoint, job_… or ckpt_…", completion: ServerOptions.downloads) var id: String
    @Option(help: "A folder that is not there yet; or a file that ends in .tar, .tar.gz or .zip.", completion: .file()) var out: String
    @OptionGroup(title: "Where") var server: ServerOptions
    @Flag(help: "Throw away what another command has begun at this place.") var restart = false
    @Flag(help: "Show no progress.") var quiet = false

    func run() throws {
        let screen = Screen(isQuiet: quiet)
        try CommandFailure.reporting(on: screen) {
            try Download(client: try server.client(screen), screen: screen).run(id, out: out, restarting: restart)
            screen.note("\(id) is in \(out)")
        }
    }
}
