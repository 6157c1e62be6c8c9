import ArgumentParser
import Jobs

/// The command line: `pruner serve` and verbs on its data folder, `pruner prune`, which needs no server, and verbs on any server.
package struct Pruner: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pruner", abstract: "Makes diffusion models smaller, over HTTP or right here.", version: Program.version,
        subcommands: [Serve.self, PruneCommand.self, ExportCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "At a server",
                subcommands: [SubmitCommand.self, SweepCommand.self, StatusCommand.self, LogsCommand.self, DownloadCommand.self]),
            CommandGroup(
                name: "On a server's data folder",
                subcommands: [TokenCommand.self, GarbageCommand.self, BackupCommand.self, DoctorCommand.self]),
        ])

    package init() {}
}
