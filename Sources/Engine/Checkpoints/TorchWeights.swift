import TorchFiles

/// The state dict in a file of torch.save, in the zip format of PyTorch 1.6 and later.
public final class TorchWeights: TensorSource {
    /// The tensors in the state dict's order.
    public let tensors: [TensorEntry]
    /// What was chosen or ignored in the file, as sentences.
    public var notes: [String] { archive.notes }

    private let archive: TorchArchive
    private let indices: [String: Int]
    private let name: String

    /// Bytes that are read at once.
    private static let chunk = 1 << 18
    /// Bytes of a strided part of a tensor that are held at once.
    private static let largestPart = 16 << 20

    /// Opens a file.
    ///
    /// - Parameter name: what the file is called in errors.
    /// - Throws: ``CheckpointError/torch(path:reason:)``.
    public init(path: String, name: String) throws(CheckpointError) {
        do { archive = try TorchArchive(path: path) } catch { throw .torch(path: name, reason: error.description) }
        self.name = name
        var tensors: [TensorEntry] = []
        for entry in archive.entries {
            guard let type = ScalarType(torchName: entry.tensor.type.rawValue) else {
                throw .torch(path: name, reason: "tensor \(entry.name.prefix(200)) holds \(entry.tensor.type.rawValue) numbers")
            }
            tensors.append(TensorEntry(name: entry.name, type: type, shape: entry.tensor.shape, count: entry.tensor.count))
        }
        self.tensors = tensors
        indices = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Reads a whole tensor, following its strides.
    ///
    /// - Throws: ``CheckpointError/torch(path:reason:)``.
    public func read(_ tensor: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
        guard let index = indices[tensor] else {
            throw CheckpointError.torch(path: name, reason: "tensor \(tensor.prefix(200)) is not in the file")
        }
        let entry = tensors[index]
        guard entry.type.isFloatingPoint, destination.count == entry.count else {
            throw CheckpointError.torch(
                path: name,
                reason: "tensor \(tensor.prefix(200)) holds \(entry.type.torchName), expected \(destination.count) floating-point numbers")
        }
        guard entry.count > 0 else { return }
        let view = archive.entries[index].tensor
        var position = 0
        do throws(TorchFileError) {
            try read(index, entry.type, shape: view.shape[...], strides: view.strides[...], at: view.offset, into: destination, &position)
        } catch {
            throw CheckpointError.torch(path: name, reason: error.description)
        }
    }

    /// Reads the part of a tensor that the last dimensions make, from the storage's number `start` on, and moves `position` behind it.
    private func read(
        _ index: Int, _ type: ScalarType, shape: ArraySlice<Int>, strides: ArraySlice<Int>, at start: Int,
        into destination: UnsafeMutableBufferPointer<Float>, _ position: inout Int
    ) throws(TorchFileError) {
        // Dimensions of one entry have no say, whatever their stride.
        let dimensions = zip(shape, strides).filter { $0.0 != 1 }
        let count = dimensions.reduce(1) { $0 * $1.0 }
        let span = 1 + dimensions.reduce(0) { $0 + ($1.0 - 1) * $1.1 }
        guard position + count <= destination.count else { return }
        let target = UnsafeMutableBufferPointer(rebasing: destination[position..<position + count])
        if Self.isContiguous(dimensions) {
            try readRun(index, type, at: start, into: target)
            position += count
        } else if span <= 8 * count, span * type.size <= Self.largestPart {
            // Dense enough to be read in one piece and picked from.
            var numbers = [Float](repeating: 0, count: span)
            let result = numbers.withUnsafeMutableBufferPointer { buffer in
                Result { () throws(TorchFileError) in try readRun(index, type, at: start, into: buffer) }
            }
            try result.get()
            Self.pick(dimensions[...], from: numbers, at: 0, into: target)
            position += count
        } else if let (size, stride) = dimensions.first {
            let inner = dimensions.dropFirst()
            for step in 0..<size {
                try read(
                    index, type, shape: ArraySlice(inner.map(\.0)), strides: ArraySlice(inner.map(\.1)), at: start + step * stride,
                    into: destination, &position)
            }
        }
    }

    private static func isContiguous(_ dimensions: [(Int, Int)]) -> Bool {
        var expected = 1
        for (size, stride) in dimensions.reversed() {
            guard stride == expected else { return false }
            expected *= size
        }
        return true
    }

    /// Copies numbers in row-major order of `dimensions`; every index stays within the span that the caller has read.
    private static func pick(
        _ dimensions: ArraySlice<(Int, Int)>, from numbers: [Float], at start: Int, into target: UnsafeMutableBufferPointer<Float>
    ) {
        var indices = [Int](repeating: 0, count: dimensions.count)
        let (sizes, strides) = (dimensions.map(\.0), dimensions.map(\.1))
        var place = start
        for position in target.indices {
            target[position] = numbers[place]
            // The next index, like a counter's digits.
            for digit in indices.indices.reversed() {
                indices[digit] += 1
                place += strides[digit]
                if indices[digit] < sizes[digit] { break }
                place -= strides[digit] * sizes[digit]
                indices[digit] = 0
            }
        }
    }

    /// Reads neighbouring numbers, a chunk at a time.
    private func readRun(
        _ index: Int, _ type: ScalarType, at start: Int, into target: UnsafeMutableBufferPointer<Float>
    ) throws(TorchFileError) {
        let entry = archive.entries[index]
        if type == .float32, UInt32(1).littleEndian == 1 {
            try archive.read(entry, from: start, into: UnsafeMutableRawBufferPointer(target))
            return
        }
        let most = min(target.count, Self.chunk / type.size)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: most * type.size, alignment: 16)
        defer { bytes.deallocate() }
        var done = 0
        while done < target.count {
            let count = min(most, target.count - done)
            let part = UnsafeMutableRawBufferPointer(rebasing: bytes[0..<count * type.size])
            try archive.read(entry, from: start + done, into: part)
            type.decode(UnsafeRawBufferPointer(part), into: UnsafeMutableBufferPointer(rebasing: target[done..<done + count]))
            done += count
        }
    }
}
