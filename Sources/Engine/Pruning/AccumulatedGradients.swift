/// Gradients on a walk over points, and what is kept of them: all that channels are ranked by, and that the walk goes on with.
package final class AccumulatedGradients {
    /// Where backward adds.
    package let gradients: Weights
    /// Numbers that are kept, besides those that backward adds to where these are not the ones.
    let kept: Buffer

    private let accumulation: GradientAccumulation
    private let weights: Weights
    private let groups: [ChannelGroup]
    /// ``kept`` by parameter; nil where it has a number for each channel.
    private let byParameter: Weights?

    /// Nothing yet.
    init(_ accumulation: GradientAccumulation, of weights: Weights, groups: [ChannelGroup]) {
        self.accumulation = accumulation
        self.weights = weights
        self.groups = groups
        gradients = Weights(weights.parameters)
        byParameter =
            switch accumulation {
            case .sums: gradients
            case .squares: Weights(weights.parameters)
            case .gates: nil
            }
        kept = byParameter?.buffer ?? Buffer(count: groups.reduce(0) { $0 + $1.width })
    }

    /// Takes in the gradients of one sample, which are zero then.
    func take(_ parallel: Parallel) {
        let kept = kept.pointer
        switch accumulation {
        case .sums: break
        case .squares:
            let slope = gradients.buffer.pointer
            parallel.ranges(gradients.buffer.count, grain: 1 << 14) { range in
                for i in range {
                    kept[i] += slope[i] * slope[i]
                    slope[i] = 0
                }
            }
        case .gates:
            let starts = groups.indices.reduce(into: [0]) { $0.append($0[$1] + groups[$1].width) }
            parallel.forEach(groups.count) { index in
                for gate in groups[index].gates(weights: weights, gradients: gradients) {
                    for (channel, value) in gate.enumerated() { kept[starts[index] + channel] += Float(value * value) }
                }
            }
            gradients.buffer.clear()
        }
    }

    /// The importance of every channel of every group, not normalised.
    ///
    /// - Parameter count: how many samples' gradients were taken in.
    func importance(_ method: PruningMethod, count: Int, _ parallel: Parallel) -> [[Double]] {
        guard let byParameter else {
            var place = 0
            return groups.map { group in
                defer { place += group.width }
                return (place..<(place + group.width)).map { Double(kept.pointer[$0]) / Double(2 * max(1, count)) }
            }
        }
        var importance = [[Double]](repeating: [], count: groups.count)
        importance.withUnsafeMutableBufferPointer { importance in
            parallel.forEach(groups.count) {
                importance[$0] = groups[$0].importance(method, weights: weights, kept: byParameter, count: count)
            }
        }
        return importance
    }
}
