import ArgumentParser

/// Which data folder a verb works on: found as `serve` finds it.
struct DataFolderOptions: ParsableArguments {
    @Option(help: "A YAML file with settings, the data folder among them.") var config: String?
    @Option(help: "The data folder.") var dataDir: String?

    func door() throws -> DataFolderDoor {
        DataFolderDoor(path: try dataDir ?? (config.map { try Configuration(path: $0) } ?? Configuration()).dataDir)
    }
}
