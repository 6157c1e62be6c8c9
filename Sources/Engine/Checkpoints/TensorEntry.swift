/// One tensor of a weights file, as the file describes it.
public struct TensorEntry: Sendable, Equatable {
    /// The parameter's name; never to be used as a path.
    public let name: String
    /// The format of its numbers.
    public let type: ScalarType
    /// Its dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// How many numbers it has.
    public let count: Int
    /// How many bytes its numbers take.
    public var size: Int { count * type.size }

    /// A tensor as it is described.
    package init(name: String, type: ScalarType, shape: [Int], count: Int) {
        (self.name, self.type, self.shape, self.count) = (name, type, shape, count)
    }
}
