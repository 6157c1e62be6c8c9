/// Named tensors that are read on demand: one safetensors file, one file of torch.save, or a set of shards of either.
public protocol TensorSource: Sendable {
    /// The tensors, in the file's order and with distinct names.
    var tensors: [TensorEntry] { get }
    /// What was chosen or ignored in the file, as sentences.
    var notes: [String] { get }
    /// Reads a whole tensor in row-major order, converted to float32; `destination` has room for exactly its numbers.
    ///
    /// - Throws: ``SafeTensorsError`` or ``CheckpointError``; integers are refused.
    func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws
}

extension SafeTensorsReader {
    /// A safetensors file holds nothing but its tensors.
    public var notes: [String] { [] }

    /// Reads a whole tensor.
    public func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
        try read(name, from: 0, into: destination)
    }
}
