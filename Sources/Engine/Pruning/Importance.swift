/// How channels are ranked.
public enum PruningMethod: String, Sendable, CaseIterable, Codable {
    /// Σ |θ · Σ_t g_t| over the timesteps whose relative loss exceeds the threshold (Diff-Pruning, arXiv 2305.10924, equation 9).
    case diffPruning = "diff-pruning"
    /// |Σ θ · Σ_t g_t| per member over all timesteps (first-order Taylor, arXiv 1611.06440).
    case taylor
    /// Σ θ².
    case magnitude
    /// Uniform numbers.
    case random
    /// Diff-Pruning's structure with fresh weights: the baseline without inheritance.
    case scratch

    /// Whether ranking needs the loss's gradient, and so a dataset.
    public var needsGradients: Bool { self == .diffPruning || self == .taylor || self == .scratch }
}

extension ChannelGroup {
    /// The importance of each channel, not normalised: a sum over all scored members' slices, in double precision.
    ///
    /// - Parameter gradients: Σ_t dL_t/dθ; read by the gradient methods only, and then required.
    func importance(_ method: PruningMethod, weights: Weights, gradients: Weights?, generator: inout TorchGenerator) -> [Double] {
        if method == .random { return generator.rand(width).map(Double.init) }
        var scores = [Double](repeating: 0, count: width)
        for member in members where member.isScored {
            guard let index = weights.index(of: member.parameter) else { continue }
            let theta = weights.pointer(index)
            let slope = gradients.map { $0.pointer(index) } ?? theta
            switch method {
            case .magnitude, .random:
                sum(member, weights.parameters[index], into: &scores) { Double(theta[$0]) * Double(theta[$0]) }
            case .diffPruning, .scratch:
                sum(member, weights.parameters[index], into: &scores) { abs(Double(theta[$0]) * Double(slope[$0])) }
            case .taylor:
                var signed = [Double](repeating: 0, count: width)
                sum(member, weights.parameters[index], into: &signed) { Double(theta[$0]) * Double(slope[$0]) }
                for channel in 0..<width { scores[channel] += abs(signed[channel]) }
            }
        }
        return scores
    }

    /// Adds `term(place)` over every number of each channel's slice, walking the tensor in the order of its memory.
    @inline(__always)
    private func sum(_ member: Member, _ parameter: Parameter, into scores: inout [Double], _ term: (Int) -> Double) {
        if member.axis == 0 {
            let length = parameter.count / parameter.shape[0]
            for channel in 0..<width {
                let start = (member.offset + channel) * length
                var total = 0.0
                for place in start..<(start + length) { total += term(place) }
                scores[channel] += total
            }
        } else {
            let columns = parameter.shape[1]
            for row in 0..<(parameter.count / columns) {
                let start = row * columns + member.offset
                for channel in 0..<width { scores[channel] += term(start + channel) }
            }
        }
    }
}

/// Scores as they are reported: divided by their mean (all 0 if that is 0).
func normalized(_ importance: [Double]) -> [Double] {
    let mean = importance.reduce(0, +) / Double(max(importance.count, 1))
    return importance.map { mean == 0 ? 0 : $0 / mean }
}
