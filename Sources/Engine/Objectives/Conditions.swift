/// What a network is told beside each picture of a set, as numbers for one of its inputs: the number of a class.
public struct Conditions: Sendable {
    /// The network's input.
    public let input: String
    /// Of each picture one after the other, ``count`` numbers each.
    private let numbers: [Float]
    /// Numbers of one condition.
    public let count: Int
    /// The condition that says nothing; nil where the network knows none.
    public let empty: [Float]?

    /// - Parameters:
    ///   - input: the network's.
    ///   - count: numbers of one condition.
    ///   - numbers: those of all pictures.
    ///   - empty: one that says nothing.
    public init(input: String, count: Int, of numbers: [Float], empty: [Float]?) {
        (self.input, self.count, self.numbers, self.empty) = (input, count, numbers, empty)
    }

    /// How many pictures there are.
    public var pictures: Int { numbers.count / count }

    /// Those of some pictures, one after the other.
    public func of(_ pictures: some Collection<Int>) -> [Float] {
        pictures.flatMap { numbers[($0 * count)..<(($0 + 1) * count)] }
    }

    /// Those of some pictures, as a set of their own.
    public func taking(_ pictures: some Collection<Int>) -> Conditions {
        Conditions(input: input, count: count, of: of(pictures), empty: empty)
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
        Conditions(
            input: "class_labels", count: 1, of: classes.map(Float.init), empty: emptyClass(among: count).map { [Float($0)] })
    }
}
