import ServiceSupport
import TestSupport

extension World.Answer {
    /// The files of an archive, by their paths.
    func files() throws -> [String: [UInt8]] {
        let folder = try TemporaryFolder()
        let items = try archiveContents(folder.file("archive", Array(data)))
        return Dictionary(uniqueKeysWithValues: items.map { ($0.path, $0.bytes) })
    }
}
