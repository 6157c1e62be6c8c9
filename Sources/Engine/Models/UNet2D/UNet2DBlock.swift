/// The kinds of blocks that a `UNet2DModel` is made of, by their names in `down_block_types` and `up_block_types`.
public enum UNet2DBlock: Sendable, Equatable, CaseIterable {
    /// Resnets (`DownBlock2D`, `UpBlock2D`); a convolution halves or doubles the map.
    case plain
    /// Resnets with attention (`AttnDownBlock2D`, `AttnUpBlock2D`); `downsample_type` and `upsample_type` say what halves or doubles.
    case attention
    /// Resnets, of which one more halves or doubles (`ResnetDownsampleBlock2D`, `ResnetUpsampleBlock2D`).
    case resnet
    /// Resnets beside a path of filtered pictures (`SkipDownBlock2D`, `SkipUpBlock2D`: NCSN++, arXiv 2011.13456).
    case skip
    /// The same with attention (`AttnSkipDownBlock2D`, `AttnSkipUpBlock2D`).
    case attentionSkip

    /// The name among `down_block_types`.
    public var downName: String {
        switch self {
        case .plain: "DownBlock2D"
        case .attention: "AttnDownBlock2D"
        case .resnet: "ResnetDownsampleBlock2D"
        case .skip: "SkipDownBlock2D"
        case .attentionSkip: "AttnSkipDownBlock2D"
        }
    }

    /// The name among `up_block_types`.
    public var upName: String {
        switch self {
        case .plain: "UpBlock2D"
        case .attention: "AttnUpBlock2D"
        case .resnet: "ResnetUpsampleBlock2D"
        case .skip: "SkipUpBlock2D"
        case .attentionSkip: "AttnSkipUpBlock2D"
        }
    }

    /// Whether there is attention in it.
    public var hasAttention: Bool { self == .attention || self == .attentionSkip }

    /// Whether it has a path of pictures, norms of its own and sums divided by √2.
    public var isSkip: Bool { self == .skip || self == .attentionSkip }
}
