/// The formats in which a file has a network's numbers: one that most have, and others that some tensors have of their own.
///
/// Training in mixed precision leaves norms in float32 beside convolutions in float16: each tensor keeps what it came in.
public struct NumberFormats: Sendable, Equatable {
    /// The format of most numbers: float32, float16 or bfloat16.
    public let common: ScalarType
    /// Of the tensors that have another, by their names.
    private let others: [String: ScalarType]

    /// One format for every tensor.
    public init(_ type: ScalarType) {
        (common, others) = (type, [:])
    }

    /// Those of a file's tensors, which are written under their own names.
    public init(of tensors: [TensorEntry]) {
        self.init(of: Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first })
    }

    /// Those of tensors by the names under which they are written. Float64, which is not written, becomes float32.
    public init(of tensors: [String: TensorEntry]) {
        func written(_ type: ScalarType) -> ScalarType { type == .float64 ? .float32 : type }
        var counts: [ScalarType: Int] = [:]
        for tensor in tensors.values where tensor.type.isFloatingPoint { counts[written(tensor.type), default: 0] += tensor.count }
        let common = counts.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key ?? .float32
        var others: [String: ScalarType] = [:]
        for (name, tensor) in tensors where tensor.type.isFloatingPoint {
            let type = written(tensor.type)
            if type != common { others[name] = type }
        }
        (self.common, self.others) = (common, others)
    }

    /// The format of a tensor, by its name.
    public subscript(name: String) -> ScalarType { others[name] ?? common }

    /// The format of a parameter. Stored frequencies are float32 whatever the others are: a timestep multiplies what rounding takes of them.
    public subscript(parameter: Parameter) -> ScalarType { parameter.holdsFrequencies ? .float32 : self[parameter.name] }

    /// How many tensors have another format than most.
    public var exceptions: [ScalarType: Int] { others.values.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
}
