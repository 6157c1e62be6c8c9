import ArgumentParser
import Foundation
import Server

/// Which data folder a verb works on: found as `serve` finds it.
struct DataFolderOptions: ParsableArguments {
    @Option(help: "A YAML file with settings, the data folder among them.") var config: String?
    @Option(help: "The data folder.") var dataDir: String?

    func door() throws -> DataFolderDoor { DataFolderDoor(path: try dataDir ?? settings().dataDir) }

    /// The way to a folder that is there: a mistyped path makes no new one.
    func existingDoor() throws -> DataFolderDoor {
        let door = try door()
        guard
            FileManager.default.fileExists(atPath: door.path + "/pruner.sqlite")
                || FileManager.default.fileExists(atPath: door.path + "/blobs")
        else {
            throw ValidationError("\(door.path) is no data folder")
        }
        return door
    }

    func settings() throws -> Configuration { try config.map { try Configuration(path: $0) } ?? Configuration() }
}
