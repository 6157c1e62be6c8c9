import Foundation

@testable import Engine
@testable import TorchFiles

/// Reads every tensor of a source, as far as it is small.
private func readAll(_ source: any TensorSource) {
    var room = 1 << 20
    for tensor in source.tensors where tensor.type.isFloatingPoint {
        room -= tensor.count
        guard room >= 0 else { return }
        var numbers = [Float](repeating: 0, count: tensor.count)
        numbers.withUnsafeMutableBufferPointer { buffer in
            do { try source.read(tensor.name, into: buffer) } catch {
                require(false, "a tensor that was accepted is not read: \(error)")
            }
        }
    }
}

/// A safetensors file: every tensor that it says it has is there.
@Sendable func safeTensorsLieWithinTheFile(_ bytes: [UInt8]) {
    guard let reader = try? SafeTensorsReader(path: MemoryFile.path(of: bytes)) else { return }
    let size = reader.tensors.reduce(0) { $0 + $1.count * $1.type.size }
    require(size <= bytes.count, "tensors of \(size) bytes in a file of \(bytes.count)")
    readAll(reader)
}

/// A file of torch.save: every tensor that it says it has is there.
@Sendable func torchTensorsLieWithinTheFile(_ bytes: [UInt8]) {
    guard let weights = try? TorchWeights(path: MemoryFile.path(of: mended(bytes)), name: "fuzzed") else { return }
    readAll(weights)
}

/// The zip with its pickle's checksum put right, which no mutation would.
private func mended(_ bytes: [UInt8]) -> [UInt8] {
    guard let file = try? ByteFile(path: MemoryFile.path(of: bytes)), let index = try? ZipIndex(file),
        let pickle = index.entries.first(where: { $0.name.hasSuffix("/data.pkl") }),
        let content = try? file.bytes(at: pickle.start, count: pickle.size)
    else { return bytes }
    let old = (0..<4).map { UInt8(truncatingIfNeeded: pickle.checksum >> (8 * $0)) }
    let new = (0..<4).map { UInt8(truncatingIfNeeded: Checksum.of(content) >> (8 * $0)) }
    guard old != new else { return bytes }
    var result = bytes
    var place = 0
    while place + 4 <= result.count {
        if result[place..<place + 4].elementsEqual(old) {
            // In the local header and in the directory, but not within an entry.
            let isContent = index.entries.contains { $0.start <= place && place < $0.end }
            if !isContent { result.replaceSubrange(place..<place + 4, with: new) }
        }
        place += 1
    }
    return result
}

/// A pickle: what it builds stays within its budget, and a state dict is found in it or not.
@Sendable func pickleBuildsWithinItsBudget(_ bytes: [UInt8]) {
    let budget = 1 << 20
    guard let (root, heap) = try? Unpickler.load(bytes, budget: budget) else { return }
    let values = heap.tupleItems.count + heap.lists.reduce(0) { $0 + $1.count } + heap.dictionaries.reduce(0) { $0 + $1.items.count }
    require(values * MemoryLayout<PickleValue>.stride <= budget, "\(values) values for \(budget) bytes")
    guard let state = try? StateDict(root, heap, limit: 4096) else { return }
    require(Set(state.tensors.map(\.name)).count == state.tensors.count, "names are distinct")
    require(state.tensors.allSatisfy { heap.storages.indices.contains($0.tensor.storage) }, "a tensor has a storage")
}
