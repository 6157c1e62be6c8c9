extension ChannelGroup {
    /// The importance of each channel, not normalised: a sum over all scored members' slices, in double precision.
    ///
    /// - Parameters:
    ///   - kept: what a walk kept of gradients; read by the methods that need them, and then required.
    ///   - count: how many samples' gradients are in it, where each one's own count.
    /// - Returns: zeros for the methods whose importance is no sum over weights.
    func importance(_ method: PruningMethod, weights: Weights, kept: Weights? = nil, count: Int = 1) -> [Double] {
        var scores = [Double](repeating: 0, count: width)
        for member in members where member.isScored {
            guard let index = weights.index(of: member.parameter) else { continue }
            let theta = weights.pointer(index)
            let slope = kept.map { $0.pointer(index) } ?? theta
            switch method {
            case .magnitude:
                sum(member, weights.parameters[index], into: &scores) { Double(theta[$0]) * Double(theta[$0]) }
            case .diffPruning, .scratch:
                sum(member, weights.parameters[index], into: &scores) { abs(Double(theta[$0]) * Double(slope[$0])) }
            case .taylor:
                var signed = [Double](repeating: 0, count: width)
                sum(member, weights.parameters[index], into: &signed) { Double(theta[$0]) * Double(slope[$0]) }
                for channel in 0..<width { scores[channel] += abs(signed[channel]) }
            case .fisher, .gaussNewton:
                let share = 0.5 / Double(max(1, count))
                sum(member, weights.parameters[index], into: &scores) { share * Double(theta[$0]) * Double(theta[$0]) * Double(slope[$0]) }
            case .groupFisher, .random: break
            }
        }
        return scores
    }

    /// Σ a · ∂L/∂a over all pixels of each channel a, for every place that reads it, from one sample's gradients.
    ///
    /// It is what the loss's slope is by a factor on the channel there, and that factor may as well stand on the weights: Σ_k W_k ∂L/∂W_k
    /// over a consumer's column. Attention's q and k are read by no weights but by their product: there the factor stands on the rows and
    /// biases that make them.
    func gates(weights: Weights, gradients: Weights) -> [[Double]] {
        let scored = members.filter(\.isScored)
        let consumers = scored.filter { $0.axis == 1 }
        return (consumers.isEmpty ? scored : consumers).map { member in
            var gate = [Double](repeating: 0, count: width)
            for part in member.axis == 1 ? [member] : [member] + biases(of: member) {
                guard let index = weights.index(of: part.parameter) else { continue }
                let (theta, slope) = (weights.pointer(index), gradients.pointer(index))
                sum(part, weights.parameters[index], into: &gate) { Double(theta[$0]) * Double(slope[$0]) }
            }
            return gate
        }
    }

    /// The bias beside a weight's rows, if there is one.
    private func biases(of rows: Member) -> [Member] {
        let name = String(rows.parameter.dropLast("weight".count)) + "bias"
        return members.filter { $0.parameter == name && $0.offset == rows.offset && !$0.isScored }
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
