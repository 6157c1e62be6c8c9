import Engine
import Foundation
import Media

/// The files of one checkpoint by their paths, of which tensors are read whatever kind of file they are in.
struct ComponentFiles {
    /// Where each is.
    private let urls: [String: URL]
    /// What a small file holds.
    private let data: (String) throws -> Data

    /// - Parameters:
    ///   - urls: where each is, by its path.
    ///   - data: what a small file holds.
    init(_ urls: [String: URL], data: @escaping (String) throws -> Data) {
        self.urls = urls
        self.data = data
    }

    /// The weights in a file, or in the shards of an index.
    ///
    /// - Throws: ``CheckpointError``, and what reading an index throws.
    func source(_ path: String) throws -> any TensorSource {
        guard let url = urls[path] else { throw CheckpointError.missingFile(expected: path) }
        let name = String(path.lastPathPart)
        guard path.hasSuffix(".json") else { return try WeightsFile.open(path: url.path, name: name) }
        let folder = path.dropLast(name.count)
        var files: [String: String] = [:]
        for (other, url) in urls where other.hasPrefix(folder) && !other.dropFirst(folder.count).contains("/") {
            files[String(other.dropFirst(folder.count))] = url.path
        }
        return try ShardedWeights(index: data(path), name: name, files: files)
    }
}
