import Documents
import Foundation

/// A checkpoint's tensors spread over several files, with the index that transformers and diffusers write
/// (`….safetensors.index.json`, `….bin.index.json`): `{"metadata": {…}, "weight_map": {TENSOR: FILE}}`.
public final class ShardedWeights: TensorSource {
    /// The tensors, shard by shard.
    public let tensors: [TensorEntry]
    /// What was chosen or ignored in the shards.
    public let notes: [Warning]
    private let shards: [String: any TensorSource]
    private let map: [String: String]

    private static let maximumShards = 1000
    /// Values of an index, one for every tensor.
    public static let mostValues = 100_000

    /// Opens all shards and checks that the index and they agree on every tensor.
    ///
    /// - Parameters:
    ///   - index: the index.
    ///   - name: what the index is called in errors.
    ///   - files: where each file beside the index is, by its name. A name in the index is looked up here and nowhere else.
    /// - Throws: ``CheckpointError/index(path:trouble:)`` and whatever ``WeightsFile/open(path:name:)`` throws.
    public init(index: Data, name: String, files: [String: String]) throws(CheckpointError) {
        func refusal(_ trouble: String) -> CheckpointError { .index(path: name, trouble: trouble) }
        let document: JSON
        do { document = try JSON(parsing: index, maximumDepth: 8, maximumValues: Self.mostValues) } catch {
            throw refusal("not JSON: \(error.explained(in: index))")
        }
        guard case .object(let members)? = document["weight_map"], !members.isEmpty else { throw refusal("it has no weight_map") }
        var map: [String: String] = [:]
        var order: [String] = []
        for member in members {
            guard case .string(let file) = member.value else { throw refusal("\(member.name.prefix(200)) is mapped to no file") }
            guard files[file] != nil else { throw refusal("the shard \(file.prefix(200)) is not beside it") }
            if !order.contains(file) { order.append(file) }
            guard order.count <= Self.maximumShards else { throw refusal("more than \(Self.maximumShards) shards") }
            map[member.name] = file
        }
        var shards: [String: any TensorSource] = [:]
        var tensors: [TensorEntry] = []
        var notes: [Warning] = []
        for file in order {
            guard let path = files[file] else { continue }
            let shard = try WeightsFile.open(path: path, name: file)
            for tensor in shard.tensors where map[tensor.name] != file {
                let place = map[tensor.name].map { "in \($0.prefix(200))" } ?? "nowhere"
                throw refusal("\(file.prefix(200)) has the tensor \(tensor.name.prefix(200)), which it maps \(place)")
            }
            shards[file] = shard
            tensors += shard.tensors
            notes += shard.notes.filter { !notes.contains($0) }
        }
        if tensors.count != map.count {
            let found = Set(tensors.map(\.name))
            let absent = map.keys.sorted().first { !found.contains($0) } ?? ""
            throw refusal("the tensor \(absent.prefix(200)) is not in \((map[absent] ?? "").prefix(200))")
        }
        self.shards = shards
        self.map = map
        self.tensors = tensors
        self.notes = notes
    }

    /// Reads a whole tensor from its shard.
    public func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
        guard let file = map[name], let shard = shards[file] else { throw SafeTensorsError.tensor(name: name, trouble: "not in the file") }
        try shard.read(name, into: destination)
    }

    /// Hands a tensor's numbers on from its shard.
    public func stream(_ name: String, _ take: (UnsafeBufferPointer<Float>) throws -> Void) throws {
        guard let file = map[name], let shard = shards[file] else { throw SafeTensorsError.tensor(name: name, trouble: "not in the file") }
        try shard.stream(name, take)
    }
}
