import ArgumentParser
import Documents
import Foundation

/// `pruner gc`: removes what is kept no longer.
struct GarbageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract:
            "Removes what nobody used for longer than keep_days, or what is over keep_bytes. Files that nothing refers to are put aside, and removed from there after keep_aside_days."
    )

    @OptionGroup var folder: DataFolderOptions
    @Option(help: "Days to keep what nobody uses; 0 keeps it forever. Else keep_days of the configuration.") var keepDays: Int?
    @Option(help: "Bytes to keep at most: a number, or with K, M or G; 0 is no limit. Else keep_bytes of the configuration.")
    var keepBytes: MemorySize?
    @Option(help: "Days to keep what was put aside; 0 keeps it forever. Else keep_aside_days of the configuration.")
    var keepAsideDays: Int?
    @Flag(help: "Believe the system's clock although it is more than a day ahead of the store's own time.") var acceptClock = false

    func run() throws {
        let settings = try folder.settings()
        let report = try folder.existingDoor().perform(
            .collectGarbage,
            [
                "keep_days": .integer(keepDays ?? settings.keepDays), "keep_bytes": .integer(Int(keepBytes?.bytes ?? settings.keepBytes)),
                "keep_aside_days": .integer(keepAsideDays ?? settings.keepAsideDays), "accept_clock": .bool(acceptClock),
            ])
        print(report.pretty, terminator: "")
    }
}

/// `pruner backup FILE`: the whole data folder in one file.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Writes the data folder into one tar file, also while the server runs. To restore, unpack it into an empty folder.")

    @OptionGroup var folder: DataFolderOptions
    @Argument(help: "The file to write; one that is there is replaced when the new one is whole.", completion: .file()) var file: String

    func run() throws {
        let path = URL(fileURLWithPath: file).standardizedFileURL.path
        print(try folder.existingDoor().perform(.backUp, ["path": .string(path)]).pretty, terminator: "")
    }
}

/// `pruner doctor`: whether everything is there and as it was stored.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Reads every row and every stored byte and says what is wrong, also while the server runs; exits 1 when something is.")

    @OptionGroup var folder: DataFolderOptions
    @Flag(help: "Give back checkpoints and datasets whose rows were lost. A database that is lost or another's is put aside for a new one.")
    var adopt = false

    func run() throws {
        let report = try folder.existingDoor().perform(adopt ? .adopt : .examine)
        print(report.pretty, terminator: "")
        if report["sound"] != true { throw ExitCode.failure }
    }
}
