import Foundation

/// How far the normal distributions that an `AutoencoderKL` makes of pictures are from the standard one: the Kullback-Leibler divergence of each
/// picture, ½ Σ (μ² + σ² - 1 - log σ²) over its latents (`DiagonalGaussianDistribution.kl`).
///
/// log σ² is clamped to -30…20, as diffusers does, and has no slope beyond.
struct LatentDivergence {
    /// μ before log σ², at every pixel.
    private let moments: Executor.Binding
    private static let range: ClosedRange<Float> = -30...20

    init(_ moments: Executor.Binding) { self.moments = moments }

    private var channels: Int { moments.shape.channels / 2 }

    /// The sum of the divergences of the first `count` pictures.
    func sum(of count: Int) -> Double {
        var total = 0.0
        for pixel in 0..<(count * moments.shape.pixels) {
            let at = moments.values + pixel * 2 * channels
            for channel in 0..<channels {
                let mean = Double(at[channel])
                let logarithm = Double(min(max(at[channels + channel], Self.range.lowerBound), Self.range.upperBound))
                total += 0.5 * (mean * mean + exp(logarithm) - 1 - logarithm)
            }
        }
        return total
    }

    /// Writes `share` times the slope of ``sum(of:)`` at the moments.
    func gradient(of count: Int, share: Float) {
        guard let gradient = moments.gradient else { return }
        for pixel in 0..<(count * moments.shape.pixels) {
            let (at, slope) = (moments.values + pixel * 2 * channels, gradient + pixel * 2 * channels)
            for channel in 0..<channels {
                slope[channel] = share * at[channel]
                let logarithm = at[channels + channel]
                slope[channels + channel] = Self.range.contains(logarithm) ? share * 0.5 * (exp(logarithm) - 1) : 0
            }
        }
    }
}
