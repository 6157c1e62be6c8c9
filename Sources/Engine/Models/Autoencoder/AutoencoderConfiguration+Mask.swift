import Documents
import Foundation

/// Of an `AsymmetricAutoencoderKL`.
extension AutoencoderConfiguration {
    /// A configuration of the same autoencoder as an `AsymmetricAutoencoderKL` whose decoder has other widths.
    ///
    /// - Parameter up: of the decoder's levels, from the highest resolution to the lowest.
    func asymmetric(up: [Int]) -> Data {
        guard !isAsymmetric else {
            // The class notes its decoder's under the plain name, too.
            let plain = value("block_out_channels").map { _ in ["block_out_channels": JSON.integers(up)] } ?? [:]
            return json(replacing: plain.merging(["up_block_out_channels": .integers(up)]) { $1 })
        }
        return json(
            replacing: [
                "_class_name": .string(AsymmetricAutoencoderKL.className), "down_block_out_channels": .integers(blockOutChannels),
                "up_block_out_channels": .integers(up), "layers_per_down_block": .integer(layersPerBlock),
                "layers_per_up_block": .integer(decoderLayersPerBlock),
            ], removing: Self.keysOfSymmetric)
    }

    /// What an `AutoencoderKL` is told and an `AsymmetricAutoencoderKL` is not.
    private static let keysOfSymmetric = [
        "block_out_channels", "layers_per_block", "force_upcast", "mid_block_add_attention", "use_quant_conv", "use_post_quant_conv",
        "shift_factor", "latents_mean", "latents_std",
    ]

    /// The tensors of diffusers' `MaskConditionEncoder`, which every `AsymmetricAutoencoderKL` has, in the order in which it makes them.
    ///
    /// Five convolutions: two of 3×3, and three of 4×4 that halve the map. Written beside `vae.py` of diffusers 0.42.
    func maskEncoder(_ name: String) -> [Parameter] {
        let (narrowest, widest) = (decoderBlockOutChannels[0], decoderBlockOutChannels[levels - 1])
        // Twice as wide at each, but never wider than the decoder's first block.
        let widths = (0..<4).map { min(min(narrowest, widest) << $0, widest) } + [widest]
        var input = outChannels
        return widths.enumerated().flatMap { index, width in
            defer { input = width }
            let side = index < 2 ? 3 : 4
            let initialization = Parameter.Initialization.uniform(fanIn: input * side * side)
            return [
                Parameter("\(name).layers.\(index).weight", [width, input, side, side], initialization),
                Parameter("\(name).layers.\(index).bias", [width], initialization),
            ]
        }
    }
}
