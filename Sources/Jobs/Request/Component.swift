/// Which network of a checkpoint is meant.
package enum Component: String, Sendable, CaseIterable {
    /// A pipeline's own network.
    case unet
    /// Its autoencoder, or a checkpoint that is one.
    case vae
    /// The same, where it has a table.
    case vqvae
    /// The half of the autoencoder that makes pictures of latents.
    case decoder
    /// A checkpoint that makes pictures of noise in one go.
    case generator

    /// Whether it makes pictures of pictures.
    var isAutoencoder: Bool { self == .vae || self == .vqvae || self == .decoder }
}
