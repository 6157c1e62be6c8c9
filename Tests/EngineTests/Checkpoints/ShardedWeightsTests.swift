import Documents
import Engine
import Foundation
import Testing

@Suite struct ShardedWeightsTests {
    /// A folder with shards of one tensor each and an index, gone with the test.
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "shards-\(UUID().uuidString)")
        private(set) var files: [String: String] = [:]

        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }

        func shard(_ name: String, _ tensors: [(String, [Float])]) throws {
            let writer = try SafeTensorsWriter(tensors.map { .init(name: $0.0, shape: [$0.1.count]) }, type: .float32)
            let path = url.appending(path: name).path
            try Data().write(to: URL(filePath: path))
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try writer.write(to: { handle.write(Data($0)) }) { index, put in try tensors[index].1.withUnsafeBufferPointer { try put($0) } }
            try handle.close()
            files[name] = path
        }
    }

    private func folder() throws -> Folder {
        let folder = try Folder()
        try folder.shard("m-00001-of-00002.safetensors", [("a", [1, 2]), ("b", [3])])
        try folder.shard("m-00002-of-00002.safetensors", [("c", [4, 5, 6])])
        return folder
    }

    private static let map: [String: JSON] = [
        "a": "m-00001-of-00002.safetensors", "b": "m-00001-of-00002.safetensors", "c": "m-00002-of-00002.safetensors",
    ]

    private func index(_ map: [String: JSON]) -> Data {
        let members = map.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }
        return Data(JSON.object([.init("metadata", ["total_size": 24]), .init("weight_map", .object(members))]).compact.utf8)
    }

    @Test func tensorsAreReadFromTheirShards() throws {
        let folder = try folder()
        let weights = try ShardedWeights(index: index(Self.map), name: "index", files: folder.files)
        #expect(weights.tensors.map(\.name) == ["a", "b", "c"])
        var numbers = [Float](repeating: 0, count: 3)
        try numbers.withUnsafeMutableBufferPointer { try weights.read("c", into: $0) }
        #expect(numbers == [4, 5, 6])
        #expect(throws: SafeTensorsError.self) { try numbers.withUnsafeMutableBufferPointer { try weights.read("d", into: $0) } }
    }

    @Test(
        arguments: [
            (["b": nil], "b"), (["c": "m-00001-of-00002.safetensors"], "c"), (["d": "m-00002-of-00002.safetensors"], "d"),
            (["c": "m-00003-of-00002.safetensors"], "m-00003"), (["c": "../m-00002-of-00002.safetensors"], "../m"),
            (["c": "/etc/passwd"], "/etc/passwd"),
            (["c": 2], "c"), (["a": "m-00002-of-00002.safetensors"], "a"),
        ] as [([String: JSON?], String)])
    func anIndexThatDoesNotFitItsShardsIsRefused(changes: [String: JSON?], blamed: String) throws {
        let folder = try folder()
        var map = Self.map
        for (name, value) in changes { map[name] = value }
        do {
            _ = try ShardedWeights(index: index(map), name: "index", files: folder.files)
            Issue.record("\(changes) was accepted")
        } catch CheckpointError.index(let path, let trouble) {
            #expect(path == "index" && trouble.contains(blamed), "\(trouble)")
        }
    }

    @Test func aTensorInTwoShardsIsRefused() throws {
        let folder = try folder()
        try folder.shard("m-00002-of-00002.safetensors", [("c", [4]), ("a", [1])])
        #expect(throws: CheckpointError.self) { try ShardedWeights(index: index(Self.map), name: "index", files: folder.files) }
    }

    @Test(arguments: ["", "[]", "{}", #"{"weight_map": {}}"#, #"{"weight_map": []}"#, #"{"weight_map": {"a": "x", "a": "x"}}"#])
    func whatIsNoIndexIsRefused(text: String) throws {
        #expect(throws: CheckpointError.self) { try ShardedWeights(index: Data(text.utf8), name: "index", files: ["x": "/nonexistent"]) }
    }
}
