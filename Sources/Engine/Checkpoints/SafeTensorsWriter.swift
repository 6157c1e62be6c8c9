import Documents
import Foundation

/// Writes safetensors files as `safetensors.torch.save_file` does, one tensor in memory at a time.
public struct SafeTensorsWriter: Sendable {
    /// A tensor to be written.
    public struct Entry: Sendable {
        /// The parameter's name.
        public let name: String
        /// Its dimensions, outermost first.
        public let shape: [Int]
        /// The format of its numbers; nil is the file's.
        public let type: ScalarType?

        /// Names a tensor and its shape.
        public init(name: String, shape: [Int], type: ScalarType? = nil) {
            self.name = name
            self.shape = shape
            self.type = type
        }

        /// A network's parameter.
        public init(_ parameter: Parameter, _ formats: NumberFormats) {
            self.init(name: parameter.name, shape: parameter.shape, type: formats[parameter])
        }
    }

    private let entries: [Entry]
    private let type: ScalarType
    private let header: Data

    /// Plans a file of these tensors, in this order and of one floating-point type where none says another: float32, float16 or bfloat16. Those of
    /// whole numbers go in as they are.
    ///
    /// - Parameter metadata: goes with them, beside the `format` that readers expect.
    /// - Throws: ``SafeTensorsError/tensor(name:trouble:)`` when another type is asked for.
    public init(_ entries: [Entry], type: ScalarType, metadata: [String: String] = [:]) throws(SafeTensorsError) {
        for type in [type] + entries.compactMap(\.type).filter(\.isFloatingPoint) where ![.float32, .float16, .bfloat16].contains(type) {
            throw .tensor(name: entries.first?.name ?? "", trouble: "\(type.torchName) is not written")
        }
        self.entries = entries
        self.type = type
        let metadata = metadata.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        var members = [JSON.Member("__metadata__", .object([JSON.Member("format", .string("pt"))] + metadata))]
        var offset = 0
        for entry in entries {
            let type = entry.type ?? type
            let end = offset + entry.shape.reduce(1, *) * type.size
            members.append(
                JSON.Member(
                    entry.name,
                    .object([
                        JSON.Member("dtype", .string(type.rawValue)), JSON.Member("shape", .integers(entry.shape)),
                        JSON.Member("data_offsets", .integers([offset, end])),
                    ])))
            offset = end
        }
        var text = Data(JSON.object(members).compact.utf8)
        // Padded with spaces so that the data begins at a multiple of 8.
        text.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
        header = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text
        size = header.count + offset
    }

    /// The size of the whole file in bytes.
    public let size: Int

    /// Writes the file.
    ///
    /// - Parameters:
    ///   - sink: takes the file's bytes in order.
    ///   - numbers: gives the numbers of the tensor at an index to its second argument, which converts and writes them;
    ///     it is asked in order and once for each, and may pass them in several pieces.
    ///   - bytes: the same for a tensor of whole numbers, of which it gives the bytes.
    /// - Throws: ``SafeTensorsError`` when a tensor's numbers are not as many as its shape says; what `sink` and `numbers` throw.
    public func write(
        to sink: @escaping (UnsafeRawBufferPointer) throws -> Void,
        numbers: (Int, (UnsafeBufferPointer<Float>) throws -> Void) throws -> Void,
        bytes stored: (Int, (UnsafeRawBufferPointer) throws -> Void) throws -> Void = { _, _ in }
    ) throws {
        try header.withUnsafeBytes { try sink($0) }
        let chunk = 1 << 16
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk * ScalarType.float32.size, alignment: 16)
        defer { bytes.deallocate() }
        for (index, entry) in entries.enumerated() {
            let type = entry.type ?? type
            let expected = entry.shape.reduce(1, *)
            var written = 0
            guard type.isFloatingPoint else {
                try stored(index) { source in
                    written += source.count
                    try sink(source)
                }
                guard written == expected * type.size else {
                    throw SafeTensorsError.tensor(name: entry.name, trouble: "\(written) bytes given, its shape has \(expected) numbers")
                }
                continue
            }
            try numbers(index) { source in
                written += source.count
                if type == .float32, UInt32(1).littleEndian == 1 {
                    try sink(UnsafeRawBufferPointer(source))
                    return
                }
                for start in stride(from: 0, to: source.count, by: chunk) {
                    let part = UnsafeBufferPointer(rebasing: source[start..<min(start + chunk, source.count)])
                    type.encode(part, into: bytes)
                    try sink(UnsafeRawBufferPointer(rebasing: bytes[0..<part.count * type.size]))
                }
            }
            guard written == expected else {
                throw SafeTensorsError.tensor(name: entry.name, trouble: "\(written) numbers given, its shape has \(expected)")
            }
        }
    }
}
