import Engine

/// Central differences of a twin's loss `Σ functional · output` in double precision.
struct FiniteDifferences {
    /// The slope of the loss along one direction in a tensor's numbers.
    struct Probe: CustomStringConvertible {
        /// (index, component) of the direction.
        let direction: [(index: Int, component: Double)]
        let slope: Double

        /// How far gradients are off along the direction, relative to their largest entry and the direction's length.
        func error(of gradient: [Float]) -> Double {
            let found = direction.reduce(0) { $0 + Double(gradient[$1.index]) * $1.component }
            guard found.isFinite else { return .infinity }
            let length = direction.reduce(0) { $0 + $1.component * $1.component }.squareRoot()
            let largest = Double(gradient.map(abs).max() ?? 0)
            return abs(found - slope) / max(length * max(largest, abs(slope) / length), 1e-12)
        }

        var description: String { direction.count == 1 ? "entry \(direction[0].index)" : "direction of \(direction.count)" }
    }

    let inputs: [Samples]
    let parameters: [PlainTensor]
    let functional: [Double]
    let twin: Twin
    private var generator = TorchGenerator(seed: 11)

    init(inputs: [Samples], parameters: [PlainTensor], functional: [Double], twin: Twin) {
        self.inputs = inputs
        self.parameters = parameters
        self.functional = functional
        self.twin = twin
    }

    /// Every entry of a small tensor; of a large one some entries, and directions through all entries at once.
    mutating func probes(of tensor: Int) -> [Probe] {
        let count = tensor < inputs.count ? inputs[tensor].values.count : parameters[tensor - inputs.count].values.count
        guard count > 128 else { return (0..<count).map { probe(tensor, [($0, 1)]) } }
        let entries = [0, count - 1] + generator.randint(below: count, count: 4)
        let signs = (0..<2).map { _ in generator.randint(below: 2, count: count).map { Double($0 * 2 - 1) } }
        return entries.map { probe(tensor, [($0, 1)]) }
            + signs.map { signs in probe(tensor, signs.enumerated().map { ($0, $1) }) }
    }

    private func probe(_ tensor: Int, _ direction: [(index: Int, component: Double)]) -> Probe {
        let step = 1e-5
        let slope = (loss(tensor, direction, step) - loss(tensor, direction, -step)) / (2 * step)
        return Probe(direction: direction, slope: slope)
    }

    private func loss(_ tensor: Int, _ direction: [(index: Int, component: Double)], _ step: Double) -> Double {
        var (inputs, parameters) = (inputs, parameters)
        for (index, component) in direction {
            if tensor < inputs.count {
                inputs[tensor].values[index] += step * component
            } else {
                parameters[tensor - inputs.count].values[index] += step * component
            }
        }
        return zip(functional, twin(inputs, parameters).values).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
