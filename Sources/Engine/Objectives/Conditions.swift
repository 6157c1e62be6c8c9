/// What a network is told beside each picture of a set, as numbers for one of its inputs: the number of a class, or the tokens of a text.
public struct Conditions: Sendable {
    /// The network's input.
    public let input: String
    /// Numbers of one condition.
    public let count: Int
    /// How many pictures there are.
    public let pictures: Int
    /// The condition that says nothing; nil where the network knows none.
    public let empty: [Float]?
    private let read: @Sendable (Int) throws -> [Float]

    /// - Parameters:
    ///   - input: the network's.
    ///   - count: numbers of one condition.
    ///   - pictures: how many there are.
    ///   - empty: one that says nothing.
    ///   - read: that of a picture.
    public init(input: String, count: Int, pictures: Int, empty: [Float]?, read: @escaping @Sendable (Int) throws -> [Float]) {
        (self.input, self.count, self.pictures, self.empty, self.read) = (input, count, pictures, empty, read)
    }

    /// Those of some pictures, one after the other.
    ///
    /// - Throws: what reading one throws.
    public func of(_ pictures: some Collection<Int>) throws -> [Float] { try pictures.flatMap { try read($0) } }

    /// Those of some neighbouring pictures, as a set of their own.
    public func taking(_ range: Range<Int>) -> Conditions {
        Conditions(input: input, count: count, pictures: range.count, empty: empty) { [read] in try read(range.lowerBound + $0) }
    }
}

extension Executor.Binding {
    /// Puts what stands at some samples' places into the first places of the binding.
    func fill(_ numbers: [Float], _ samples: Range<Int>) {
        let count = shape.count
        for (place, number) in numbers[(samples.lowerBound * count)..<(samples.upperBound * count)].enumerated() { values[place] = number }
    }
}

extension NetworkCondition {
    /// What the network is told of pictures.
    ///
    /// - Parameters:
    ///   - classes: of each picture.
    ///   - count: how many classes there are.
    public func conditions(of classes: [Int], among count: Int) -> Conditions {
        Conditions(input: "class_labels", count: 1, pictures: classes.count, empty: emptyClass(among: count).map { [Float($0)] }) {
            [Float(classes[$0])]
        }
    }
}

extension Conditions {
    /// Tokens of every picture.
    ///
    /// - Parameters:
    ///   - tokens: how many each is told.
    ///   - width: numbers of a token.
    ///   - read: (tokens, width) of a picture.
    public static func tokens(
        _ tokens: Int, width: Int, pictures: Int, empty: [Float]?, read: @escaping @Sendable (Int) throws -> [Float]
    ) -> Conditions {
        Conditions(input: "encoder_hidden_states", count: tokens * width, pictures: pictures, empty: empty, read: read)
    }
}
