/// One of an autoencoder's two networks.
public enum AutoencoderHalf: Sendable, CaseIterable {
    /// From pictures to latents.
    case encoder
    /// From latents to pictures.
    case decoder
}
