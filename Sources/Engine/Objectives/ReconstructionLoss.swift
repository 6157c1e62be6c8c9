/// How far a picture is from its reconstruction.
public struct ReconstructionLoss: Sendable, Equatable {
    /// What the difference of a number counts.
    public enum Measure: String, Sendable, CaseIterable {
        /// Its square.
        case mse
        /// Its magnitude.
        case l1
    }

    /// What is averaged over all numbers of a picture.
    public var error: Measure
    /// What the divergence of a picture's latents from the standard normal distribution counts beside that, for an `AutoencoderKL`.
    public var divergence: Double

    /// The mean squared error alone, unless something else is said.
    public init(error: Measure = .mse, divergence: Double = 0) {
        self.error = error
        self.divergence = divergence
    }
}
