import Documents
import Engine

/// A tensor of a checkpoint in the store.
package struct StoredTensor: Sendable {
    private let entry: TensorEntry
    private let weights: SafeTensorsReader

    /// How many numbers it has.
    package var count: Int { entry.count }
    /// The contract's entry of it.
    package var json: JSON { Self.json(entry) }

    /// `count` of its numbers from `start`, row by row.
    ///
    /// - Throws: ``SafeTensorsError``.
    package func numbers(from start: Int, count: Int) throws -> [Float] {
        var failure: SafeTensorsError?
        let numbers = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            let target = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            target.initialize(repeating: 0)
            initialized = count
            do throws(SafeTensorsError) { try weights.read(entry.name, from: start, into: target) } catch { failure = error }
        }
        if let failure { throw failure }
        return numbers
    }

    fileprivate init(_ entry: TensorEntry, of weights: SafeTensorsReader) {
        self.entry = entry
        self.weights = weights
    }

    fileprivate static func json(_ tensor: TensorEntry) -> JSON {
        [
            "name": .string(tensor.name), "dtype": .string(tensor.type.torchName), "shape": .integers(tensor.shape),
            "size": .integer(tensor.size),
        ]
    }
}

extension StoredCheckpoint {
    /// The contract's entries of all tensors.
    package func tensorList() throws -> JSON { .array(try weights().tensors.map(StoredTensor.json)) }

    /// A tensor by its name; nil when there is none.
    package func tensor(_ name: String) throws -> StoredTensor? {
        let weights = try weights()
        return weights[name].map { StoredTensor($0, of: weights) }
    }
}
