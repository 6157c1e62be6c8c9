/// Named tensors that are read on demand: one safetensors file, one file of torch.save, or a set of shards of either.
public protocol TensorSource: Sendable {
    /// The tensors, in the file's order and with distinct names.
    var tensors: [TensorEntry] { get }
    /// What was chosen or ignored in the file.
    var notes: [Warning] { get }
    /// Reads a whole tensor in row-major order, converted to float32; `destination` has room for exactly its numbers.
    ///
    /// - Throws: ``SafeTensorsError`` or ``CheckpointError``; integers are refused.
    func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws
    /// Hands a tensor's numbers on in row-major order, converted to float32, in pieces where its file has them in that order: memory then
    /// does not grow with the tensor.
    ///
    /// - Throws: as ``read(_:into:)``; what `take` throws.
    func stream(_ name: String, _ take: (UnsafeBufferPointer<Float>) throws -> Void) throws
}

extension TensorSource {
    /// Numbers of a piece.
    static var piece: Int { 1 << 18 }
}

extension SafeTensorsReader {
    /// A safetensors file holds nothing but its tensors.
    public var notes: [Warning] { [] }

    /// Reads a whole tensor.
    public func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
        try read(name, from: 0, into: destination)
    }

    /// Hands a tensor's numbers on in pieces.
    public func stream(_ name: String, _ take: (UnsafeBufferPointer<Float>) throws -> Void) throws {
        let count = self[name]?.count ?? 0
        let values = Buffer(count: min(count, Self.piece))
        for start in stride(from: 0, to: count, by: Self.piece) {
            let part = UnsafeMutableBufferPointer(start: values.pointer, count: min(Self.piece, count - start))
            try read(name, from: start, into: part)
            try take(UnsafeBufferPointer(part))
        }
    }
}
