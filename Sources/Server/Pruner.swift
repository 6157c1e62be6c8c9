import ArgumentParser
import CArchive
import CSpng
import CTurboJPEG
import Engine
import Storage

/// The command line: `pruner serve`.
@main
struct Pruner: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pruner")
    func run() async throws {
        print(Matrix.provider, String(cString: archive_version_string()), storageProbe())
    }
}
