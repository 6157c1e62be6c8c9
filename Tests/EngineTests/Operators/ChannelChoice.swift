import Engine

/// A random choice of an operator's channels that respects what it says about coupling: classes stand or fall together, equal
/// parts stay equal.
struct ChannelChoice {
    let kept: KeptChannels
    /// The rows (axis 0) and columns (axis 1) that stay of each parameter.
    let axes: [String: [Int: [Int]]]

    init(_ operation: any Operator, inputWidths: [Int], seed: Int) {
        var generator = TorchGenerator(seed: seed)
        var coupling = ChannelCoupling()
        let inputs = inputWidths.map { coupling.fresh($0) }
        let output = operation.couple(inputs, in: &coupling)

        var keeps: [Int: Bool] = [:]
        for channel in inputs.flatMap({ $0 }) + output { keeps[coupling.root(channel)] = generator.rand(1)[0] < 0.6 }
        for division in coupling.divisions {
            let size = division.channels.count / division.parts
            for part in 0..<division.parts {
                let channels = division.channels[(part * size)..<((part + 1) * size)]
                let order = zip(generator.rand(size), channels).sorted { $0.0 < $1.0 }.map(\.1)
                for (place, channel) in order.enumerated() { keeps[coupling.root(channel)] = place < max(1, size * 2 / 3) }
            }
        }
        for root in coupling.fixedClasses { keeps[root] = true }
        for channels in inputs + [output] where !channels.contains(where: { keeps[coupling.root($0)] == true }) {
            keeps[coupling.root(channels[0])] = true
        }
        func survivors(_ channels: Channels) -> [Int] { channels.indices.filter { keeps[coupling.root(channels[$0])] == true } }

        kept = KeptChannels(inputs: inputs.map(survivors), output: survivors(output), inputWidths: inputWidths)
        var axes: [String: [Int: [Int]]] = [:]
        for tie in coupling.ties { axes[tie.parameter, default: [:]][tie.axis] = survivors(tie.channels) }
        self.axes = axes
    }
}
