/// The shapes of a file's tensors whose names begin alike, by what follows: what tells a network's form.
struct TensorShapes {
    /// What the names begin with.
    let prefix: String
    /// Each tensor by the rest of its name, in the file's order.
    let entries: [(name: String, entry: TensorEntry)]
    private let shapes: [String: [Int]]
    private let path: String

    /// - Parameter path: what the file is called in errors.
    init(_ tensors: [TensorEntry], prefix: String, path: String) {
        self.init(
            tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0) }, prefix: prefix, path: path)
    }

    /// - Parameter entries: by names without the prefix; each name once.
    init(_ entries: [(name: String, entry: TensorEntry)], prefix: String, path: String) {
        self.entries = entries
        self.prefix = prefix
        self.path = path
        shapes = Dictionary(entries.map { ($0.name, $0.entry.shape) }) { first, _ in first }
    }

    var isEmpty: Bool { entries.isEmpty }

    func has(_ name: String) -> Bool { shapes[name] != nil }

    /// How many blocks there are, counted from 0, of which each has a tensor of the name that its number gives.
    func count(_ name: (Int) -> String) -> Int {
        var count = 0
        // Names that do not grow with the number would have no end.
        while count < entries.count, has(name(count)) { count += 1 }
        return count
    }

    /// A dimension, which every network of the kind has.
    ///
    /// - Throws: ``CheckpointError/contents(path:trouble:)`` naming the tensor.
    func size(_ name: String, _ axis: Int) throws(CheckpointError) -> Int {
        guard let shape = shapes[name] else { throw refusal("the tensor \(prefix)\(name) is missing") }
        guard shape.indices.contains(axis), (1...ConfigurationLimits.codebookRows).contains(shape[axis]) else {
            throw refusal("the tensor \(prefix)\(name) has shape \(shape)")
        }
        return shape[axis]
    }

    /// How many dimensions a tensor has.
    func rank(_ name: String) -> Int { shapes[name]?.count ?? 0 }

    func refusal(_ trouble: String) -> CheckpointError { .contents(path: path, trouble: trouble) }
}
