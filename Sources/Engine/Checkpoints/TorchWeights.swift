import TorchFiles

/// The state dict in a file of torch.save, in the zip format of PyTorch 1.6 and later or as it was before.
public final class TorchWeights: TensorSource {
    /// The tensors in the state dict's order.
    public let tensors: [TensorEntry]
    /// What was chosen or ignored in the file.
    public var notes: [Warning] { archive.notes.map { Warning(.weightsFound, $0) } }

    private let archive: TorchArchive
    private let indices: [String: Int]
    private let name: String

    /// Numbers that are read at once to be converted or put in order.
    private static let chunk = 1 << 20

    /// One dimension of a view: how many entries, and the numbers between neighbours in the storage and in row-major order.
    private typealias Dimension = (size: Int, source: Int, target: Int)

    /// Bytes of memory that opening a file of so many bytes takes at most.
    static func openingCost(fileSize: Int) -> Int { TorchArchive.openingCost(fileSize: fileSize) }

    /// Whether a file that begins with these bytes is of before PyTorch 1.6.
    static func isLegacy(_ head: [UInt8]) -> Bool { TorchArchive.isLegacy(head) }

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

    /// Hands a tensor's numbers on: in pieces where they lie in row-major order, else whole.
    public func stream(_ tensor: String, _ take: (UnsafeBufferPointer<Float>) throws -> Void) throws {
        let count = indices[tensor].map { tensors[$0].count } ?? 0
        guard let index = indices[tensor], count > Self.piece, tensors[index].type.isFloatingPoint,
            Self.isContiguous(dimensions(of: index)[...])
        else {
            let values = Buffer(count: count)
            try read(tensor, into: UnsafeMutableBufferPointer(start: values.pointer, count: count))
            try take(UnsafeBufferPointer(start: values.pointer, count: count))
            return
        }
        let values = Buffer(count: Self.piece)
        for start in stride(from: 0, to: count, by: Self.piece) {
            let part = UnsafeMutableBufferPointer(start: values.pointer, count: min(Self.piece, count - start))
            do throws(TorchFileError) {
                try readRun(index, tensors[index].type, at: archive.entries[index].tensor.offset + start, into: part)
            } catch {
                throw CheckpointError.torch(path: name, reason: error.description)
            }
            try take(UnsafeBufferPointer(part))
        }
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
        do throws(TorchFileError) {
            try read(index, entry.type, dimensions(of: index)[...], from: archive.entries[index].tensor.offset, into: destination, at: 0)
        } catch {
            throw CheckpointError.torch(path: name, reason: error.description)
        }
    }

    private func dimensions(of index: Int) -> [Dimension] {
        let view = archive.entries[index].tensor
        var dimensions: [Dimension] = []
        var target = 1
        for (size, stride) in zip(view.shape, view.strides).reversed() {
            // Dimensions of one entry have no say, whatever their stride.
            if size > 1 { dimensions.append((size, stride, target)) }
            target *= size
        }
        // In the storage's order, so that a transposed matrix is read along its own rows.
        dimensions.sort { ($0.source, $0.target) > ($1.source, $1.target) }
        return dimensions
    }

    /// Reads the part of a tensor that `dimensions` span, from the storage's number `start` on, to `place` and what follows from there.
    private func read(
        _ index: Int, _ type: ScalarType, _ dimensions: ArraySlice<Dimension>, from start: Int,
        into destination: UnsafeMutableBufferPointer<Float>, at place: Int
    ) throws(TorchFileError) {
        let count = dimensions.reduce(1) { $0 * $1.size }
        let span = 1 + dimensions.reduce(0) { $0 + ($1.size - 1) * $1.source }
        if Self.isContiguous(dimensions) {
            try readRun(index, type, at: start, into: UnsafeMutableBufferPointer(rebasing: destination[place..<place + count]))
        } else if span <= Self.chunk, span <= 8 * count {
            // Dense enough to be read in one piece and picked from.
            var numbers = [Float](repeating: 0, count: span)
            let result = numbers.withUnsafeMutableBufferPointer { buffer in
                Result { () throws(TorchFileError) in try readRun(index, type, at: start, into: buffer) }
            }
            try result.get()
            Self.scatter(numbers, Array(dimensions), count: count, to: destination, at: place)
        } else if let outermost = dimensions.first {
            for step in 0..<outermost.size {
                try read(
                    index, type, dimensions.dropFirst(), from: start + step * outermost.source, into: destination,
                    at: place + step * outermost.target)
            }
        }
    }

    private static func isContiguous(_ dimensions: ArraySlice<Dimension>) -> Bool {
        var expected = 1
        for dimension in dimensions.reversed() {
            guard dimension.source == expected, dimension.target == expected else { return false }
            expected *= dimension.size
        }
        return true
    }

    /// Copies numbers to where they belong; every index stays within the span that was read and the tensor that is written.
    private static func scatter(
        _ numbers: [Float], _ dimensions: [Dimension], count: Int, to destination: UnsafeMutableBufferPointer<Float>, at place: Int
    ) {
        var indices = [Int](repeating: 0, count: dimensions.count)
        var (source, target) = (0, place)
        for _ in 0..<count {
            destination[target] = numbers[source]
            // The next index, like a counter's digits.
            for digit in indices.indices.reversed() {
                indices[digit] += 1
                source += dimensions[digit].source
                target += dimensions[digit].target
                if indices[digit] < dimensions[digit].size { break }
                source -= dimensions[digit].source * dimensions[digit].size
                target -= dimensions[digit].target * dimensions[digit].size
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
        let most = min(target.count, Self.chunk / 8)
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
