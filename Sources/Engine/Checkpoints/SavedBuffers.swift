/// Runs of numbers and a few words in one safetensors file: where a long run stands, to go on from later to the last bit.
package struct SavedBuffers {
    private let reader: SafeTensorsReader

    /// Writes a file of float32 tensors, each as long as its buffer.
    package static func write(
        _ buffers: [(name: String, buffer: Buffer)], words: [String: String], to sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let entries = buffers.map { SafeTensorsWriter.Entry(name: $0.name, shape: [$0.buffer.count]) }
        try SafeTensorsWriter(entries, type: .float32, metadata: words).write(to: sink) { index, put in
            let buffer = buffers[index].buffer
            try put(UnsafeBufferPointer(start: buffer.pointer, count: buffer.count))
        }
    }

    /// Opens a file that ``write(_:words:to:)`` wrote.
    package init(path: String) throws(SafeTensorsError) {
        reader = try SafeTensorsReader(path: path)
    }

    /// Fills a buffer of the same length.
    package func read(_ name: String, into buffer: Buffer) throws(SafeTensorsError) {
        guard let entry = reader[name], entry.type == .float32, entry.shape == [buffer.count] else {
            throw .tensor(name: name, trouble: "is not \(buffer.count) float32 numbers")
        }
        try reader.read(name, from: 0, into: UnsafeMutableBufferPointer(start: buffer.pointer, count: buffer.count))
    }

    /// One of the words, read by `parse`.
    package func word<Value>(_ name: String, _ parse: (String) -> Value?) throws(SafeTensorsError) -> Value {
        guard let value = reader.metadata[name].flatMap(parse) else { throw .header("__metadata__ has no usable \(name)") }
        return value
    }
}
