extension TorchGenerator {
    /// The next numbers of a tensor that nobody trained yet.
    mutating func initial(_ initialization: Parameter.Initialization, count: Int) -> [Float] {
        switch initialization {
        case .uniform(let fanIn):
            // In doubles, as Python computes it; rounding the root first would move one bound in four by a unit in the last place.
            let bound = Float(1 / Double(fanIn).squareRoot())
            return uniform(count, from: -bound, to: bound)
        case .normal: return randn(count)
        case .frequencies(let deviation, let draws):
            for _ in 1..<draws { _ = randn(count) }
            return randn(count).map { $0 * deviation }
        case .codebook(let rows):
            _ = randn(count)
            let bound = Float(1 / Double(rows))
            return uniform(count, from: -bound, to: bound)
        case .ones: return [Float](repeating: 1, count: count)
        case .zeros: return [Float](repeating: 0, count: count)
        case .statistic(let number): return [Float](repeating: number, count: count)
        }
    }
}
