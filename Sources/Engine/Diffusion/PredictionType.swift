/// What a network is trained to give at its output (`prediction_type`), for x_t = √ᾱ_t · x₀ + √(1 - ᾱ_t) · ε.
public enum PredictionType: String, Sendable, CaseIterable {
    /// ε.
    case epsilon
    /// √ᾱ_t · ε - √(1 - ᾱ_t) · x₀ (arXiv 2202.00512, appendix D).
    case velocity = "v_prediction"
    /// x₀.
    case sample

    /// x₀ and ε as a prediction of x_t has them.
    ///
    /// - Parameters:
    ///   - signal: √ᾱ_t.
    ///   - noise: √(1 - ᾱ_t).
    @inline(__always)
    func parts(of prediction: Float, _ x: Float, signal: Float, noise: Float) -> (original: Float, noise: Float) {
        switch self {
        case .epsilon: ((x - noise * prediction) / signal, prediction)
        case .velocity: (signal * x - noise * prediction, signal * prediction + noise * x)
        case .sample: (prediction, (x - signal * prediction) / noise)
        }
    }
}
