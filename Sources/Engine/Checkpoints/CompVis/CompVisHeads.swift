/// How many heads the U-Net's attention has, which no tensor tells.
enum CompVisHeads: Equatable {
    /// So many at every level (`num_heads`).
    case count(Int)
    /// Each so wide (`num_head_channels`).
    case width(Int)

    /// Heads of attention that is so wide.
    func count(in width: Int) -> Int {
        switch self {
        case .count(let count): count
        case .width(let headWidth): max(1, width / headWidth)
        }
    }

    /// Those of networks that people have published, by their widths or by their tokens'; nil of any other.
    ///
    /// - Returns: the heads, and whose they are.
    static func known(_ unet: CompVisUNet) -> (heads: CompVisHeads, network: String)? {
        let widths = unet.levels.map(\.width)
        switch (unet.tokenWidth, unet.hasLinearProjections) {
        case (768, false): return (.count(8), "Stable Diffusion 1")
        case (1024, true): return (.width(64), "Stable Diffusion 2")
        case (1280, false): return (.count(8), "latent diffusion's text to image")
        case (512, false) where widths == [192, 384, 576, 960]: return (.count(1), "latent diffusion's class-conditional ImageNet")
        case (nil, _) where widths == [224, 448, 672, 896]: return (.width(32), "latent diffusion's faces and bedrooms")
        default: return nil
        }
    }
}
