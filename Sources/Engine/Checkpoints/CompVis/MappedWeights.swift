/// Tensors of a file under other names, or parts of them: a view, which takes no memory for numbers.
public final class MappedWeights: TensorSource {
    /// One tensor of the view.
    struct Part {
        /// What it is called here.
        let name: String
        /// Its dimensions here.
        let shape: [Int]
        /// The file's tensor that holds its numbers.
        let entry: TensorEntry
        /// Which of that tensor's numbers, in row-major order and ascending; nil is all of them.
        let runs: [Range<Int>]?

        /// A whole tensor.
        init(_ name: String, _ entry: TensorEntry, shape: [Int]? = nil) {
            self.name = name
            self.shape = shape ?? entry.shape
            self.entry = entry
            runs = nil
        }

        /// Some rows of a tensor, as a tensor that has these rows only and no dimensions of 1 at its end.
        ///
        /// - Parameter rows: ascending, within the tensor.
        init(_ name: String, _ entry: TensorEntry, rows: [Range<Int>]) {
            let width = entry.shape.dropFirst().reduce(1, *)
            self.name = name
            self.entry = entry
            shape = MappedWeights.flat([rows.reduce(0) { $0 + $1.count }] + entry.shape.dropFirst())
            runs = rows.map { $0.lowerBound * width..<$0.upperBound * width }
        }
    }

    /// The tensors, in the order in which they were given.
    public let tensors: [TensorEntry]
    /// A view has nothing to say by itself.
    public var notes: [Warning] { [] }

    private let parts: [String: Part]
    private let source: any TensorSource

    /// - Throws: ``CheckpointError/tensors(_:more:)`` when two tensors have the same name.
    init(_ parts: [Part], of source: any TensorSource) throws(CheckpointError) {
        var byName: [String: Part] = [:]
        for part in parts {
            guard byName.updateValue(part, forKey: part.name) == nil else { throw .tensors([.unexpectedTensor(part.entry.name)], more: 0) }
        }
        self.parts = byName
        self.source = source
        tensors = parts.map { TensorEntry(name: $0.name, type: $0.entry.type, shape: $0.shape, count: $0.shape.reduce(1, *)) }
    }

    /// What the file calls a tensor of the view; nil when there is none.
    func fileName(of tensor: String) -> String? { parts[tensor]?.entry.name }

    /// A shape without dimensions of 1 at its end, down to two: of a 1×1 convolution that of the linear layer that it is.
    static func flat(_ shape: [Int]) -> [Int] {
        var shape = shape
        while shape.count > 2, shape.last == 1 { shape.removeLast() }
        return shape
    }

    /// Reads a whole tensor.
    public func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
        guard let part = parts[name] else { throw SafeTensorsError.tensor(name: name, trouble: "not in the file") }
        guard part.runs != nil else { return try source.read(part.entry.name, into: destination) }
        var done = 0
        try stream(name) { numbers in
            guard numbers.count <= destination.count - done else {
                throw SafeTensorsError.tensor(name: name, trouble: "more numbers than \(destination.count) asked for")
            }
            for number in numbers {
                destination[done] = number
                done += 1
            }
        }
    }

    /// Hands a tensor's numbers on as the file has them.
    public func stream(_ name: String, _ take: (UnsafeBufferPointer<Float>) throws -> Void) throws {
        guard let part = parts[name] else { throw SafeTensorsError.tensor(name: name, trouble: "not in the file") }
        guard let runs = part.runs else { return try source.stream(part.entry.name, take) }
        var position = 0
        try source.stream(part.entry.name) { numbers in
            let piece = position..<position + numbers.count
            for run in runs where run.overlaps(piece) {
                let shared = run.clamped(to: piece)
                try take(UnsafeBufferPointer(rebasing: numbers[shared.lowerBound - position..<shared.upperBound - position]))
            }
            position = piece.upperBound
        }
    }
}
