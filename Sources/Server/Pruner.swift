import ArgumentParser

/// The command line: `pruner serve` and verbs on its data folder, `pruner prune`, which needs no server, and verbs on any server.
package struct Pruner: AsyncParsableCommand {
    /// What `pruner --version` and `/healthz` tell.
    static let version = "0.1.0"
    /// What it says it is when it asks other servers.
    static let userAgent = "pruner/\(version)"

    package static let configuration = CommandConfiguration(
        commandName: "pruner", abstract: "Makes diffusion models smaller, over HTTP or right here.", version: version,
        subcommands: [Serve.self, PruneCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "At a server", subcommands: [SubmitCommand.self, StatusCommand.self, LogsCommand.self, DownloadCommand.self]),
            CommandGroup(
                name: "On a server's data folder",
                subcommands: [TokenCommand.self, GarbageCommand.self, BackupCommand.self, DoctorCommand.self]),
        ])

    package init() {}
}
