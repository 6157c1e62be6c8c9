import Documents
import Engine

/// What a dataset's file of embeddings holds: of each picture, in the order of their paths, what a text encoder would have made of its
/// caption, and what it makes of an empty one.
struct EmbeddingsFile: Sendable, Equatable {
    /// Vectors of one picture.
    let length: Int
    /// Numbers of each.
    let width: Int
    /// Format of the numbers.
    let type: ScalarType
    /// Whether the empty condition is told.
    let hasEmpty: Bool

    /// (pictures, length, width).
    static let tensor = "encoder_hidden_states"
    /// (length, width), which may be missing.
    static let emptyTensor = "empty"

    /// More vectors than any text encoder gives.
    static let longest = 4096
    /// Wider than any.
    static let widest = 16_384
    private static let types: [ScalarType] = [.float32, .float16, .bfloat16]

    /// Checks a file: names, formats, shapes, and that every number is one.
    ///
    /// - Parameters:
    ///   - path: of the safetensors file.
    ///   - pictures: how many the dataset has.
    ///   - warn: told of tensors that are not used.
    init(path: String, pictures: Int, warn: (String) -> Void) throws(EmbeddingsError) {
        let reader: SafeTensorsReader
        do throws(SafeTensorsError) { reader = try SafeTensorsReader(path: path) } catch { throw .unreadable(error) }
        guard let entry = reader[Self.tensor] else { throw .missing(expected: Self.tensor, found: reader.tensors.map(\.name)) }
        guard Self.types.contains(entry.type) else { throw .type(tensor: entry.name, found: entry.type) }
        guard entry.shape.count == 3, entry.shape[0] == pictures, (1...Self.longest).contains(entry.shape[1]),
            (1...Self.widest).contains(entry.shape[2])
        else {
            throw .shape(
                tensor: entry.name,
                expected: "[\(pictures) (as many as pictures), 1 to \(Self.longest), 1 to \(Self.widest)]", found: entry.shape)
        }
        (length, width, type) = (entry.shape[1], entry.shape[2], entry.type)
        if let empty = reader[Self.emptyTensor] {
            guard Self.types.contains(empty.type) else { throw .type(tensor: empty.name, found: empty.type) }
            guard empty.shape == [length, width] else {
                throw .shape(tensor: empty.name, expected: "[\(length), \(width)]", found: empty.shape)
            }
            hasEmpty = true
        } else {
            hasEmpty = false
        }
        let others = reader.tensors.map(\.name).filter { $0 != Self.tensor && $0 != Self.emptyTensor }
        if !others.isEmpty {
            let shown = others.prefix(4).map { $0.prefix(100) }.joined(separator: ", ") + (others.count > 4 ? ", …" : "")
            warn("the embeddings' file has tensors that nothing reads: \(shown)")
        }
        try Self.checkNumbers(of: Self.tensor, in: reader)
        if hasEmpty { try Self.checkNumbers(of: Self.emptyTensor, in: reader) }
    }

    /// What a dataset's record keeps; nil where there is none.
    init?(_ json: JSON?) {
        guard let json, let length = json["length"]?.integer, let width = json["width"]?.integer,
            case .string(let name)? = json["dtype"], let type = Self.types.first(where: { $0.torchName == name }),
            case .bool(let hasEmpty)? = json["empty"]
        else { return nil }
        (self.length, self.width, self.type, self.hasEmpty) = (length, width, type, hasEmpty)
    }

    /// As the API tells it.
    var json: JSON {
        ["length": .integer(length), "width": .integer(width), "dtype": .string(type.torchName), "empty": .bool(hasEmpty)]
    }

    private static func checkNumbers(of tensor: String, in reader: SafeTensorsReader) throws(EmbeddingsError) {
        var done = 0
        var bad: Int?
        do {
            try reader.stream(tensor) { numbers in
                if bad == nil { bad = numbers.firstIndex { !$0.isFinite }.map { done + $0 } }
                done += numbers.count
            }
        } catch {
            throw .unreadable(error as? SafeTensorsError ?? .tensor(name: tensor, trouble: "cannot be read"))
        }
        if let bad { throw .notFinite(tensor: tensor, index: bad) }
    }
}
