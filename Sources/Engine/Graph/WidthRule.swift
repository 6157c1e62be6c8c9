/// What decides how wide a layer's output is when a model has one width per block (`widths: "diffusers"`).
package enum WidthRule: Hashable, Sendable {
    /// The width of its block, an entry of `block_out_channels`.
    case block
    /// Attention's inner width in a block of `blockWidth` channels: as many whole heads of `headWidth` as fit.
    case heads(blockWidth: Int, headWidth: Int)
    /// A multiple of the width of a block of `blockWidth` channels: what a feed-forward net is wide inside.
    case multiple(blockWidth: Int, factor: Int)
    /// A width of its own, which no block decides: the time embedding, and every layer of a network without blocks.
    case own
    /// A width that no cut may change, as others than the network go by it: an autoencoder's latents.
    case fixed
}
