/// A safetensors file with its floating-point numbers in another format. What is no such number, and what is to keep its own, stays as it is.
public struct ConvertedWeights {
    private let source: SafeTensorsReader
    private let entries: [SafeTensorsWriter.Entry]
    private let writer: SafeTensorsWriter

    /// Plans the file.
    ///
    /// - Parameters:
    ///   - type: float32, float16 or bfloat16.
    ///   - kept: names of tensors that are float32 whatever the others are.
    /// - Throws: ``SafeTensorsError``.
    public init(_ source: SafeTensorsReader, to type: ScalarType, keeping kept: Set<String> = []) throws(SafeTensorsError) {
        self.source = source
        entries = source.tensors.map { tensor in
            let other = !tensor.type.isFloatingPoint ? tensor.type : kept.contains(tensor.name) ? .float32 : type
            return SafeTensorsWriter.Entry(name: tensor.name, shape: tensor.shape, type: other)
        }
        writer = try SafeTensorsWriter(entries, type: type)
    }

    /// Whether the file is so already.
    public var isSame: Bool { zip(entries, source.tensors).allSatisfy { $0.type == $1.type } }

    /// Writes the file.
    ///
    /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
    /// - Throws: ``CheckpointError/notRepresentable(tensor:type:)`` when a finite number would become infinite; ``SafeTensorsError``.
    public func write(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        try writer.write(to: sink) { index, put in
            let (name, type) = (entries[index].name, entries[index].type ?? .float32)
            try source.stream(name) { numbers in
                guard numbers.allSatisfy({ !$0.isFinite || type.holds($0) }) else {
                    throw CheckpointError.notRepresentable(tensor: name, type: type.torchName)
                }
                try put(numbers)
            }
        } bytes: { index, put in
            try source.bytes(of: entries[index].name, put)
        }
    }
}
