/// The kinds of blocks that a `UNet2DConditionModel` is made of, by their names in `down_block_types` and `up_block_types`.
public enum UNet2DConditionBlock: Sendable, Equatable, CaseIterable {
    /// Resnets (`DownBlock2D`, `UpBlock2D`); a convolution halves or doubles the map.
    case plain
    /// The same, a transformer after each resnet (`CrossAttnDownBlock2D`, `CrossAttnUpBlock2D`).
    case crossAttention
    /// The same, an attention of pixels after each resnet (`AttnDownBlock2D`, `AttnUpBlock2D`).
    case attention
    /// Resnets, of which one more halves or doubles (`ResnetDownsampleBlock2D`, `ResnetUpsampleBlock2D`).
    case resnet
    /// The same, an attention of pixels and tokens together after each resnet (`SimpleCrossAttnDownBlock2D`, `SimpleCrossAttnUpBlock2D`).
    case simpleCrossAttention

    /// The name among `down_block_types`.
    public var downName: String {
        switch self {
        case .plain: "DownBlock2D"
        case .crossAttention: "CrossAttnDownBlock2D"
        case .attention: "AttnDownBlock2D"
        case .resnet: "ResnetDownsampleBlock2D"
        case .simpleCrossAttention: "SimpleCrossAttnDownBlock2D"
        }
    }

    /// The name among `up_block_types`.
    public var upName: String {
        switch self {
        case .plain: "UpBlock2D"
        case .crossAttention: "CrossAttnUpBlock2D"
        case .attention: "AttnUpBlock2D"
        case .resnet: "ResnetUpsampleBlock2D"
        case .simpleCrossAttention: "SimpleCrossAttnUpBlock2D"
        }
    }

    /// Whether something attends after each resnet.
    var attends: Bool { self != .plain && self != .resnet }

    /// Whether a resnet halves or doubles.
    var resamplesByResnet: Bool { self == .resnet || self == .simpleCrossAttention }
}

/// The kinds of mid blocks (`mid_block_type`).
public enum UNet2DConditionMiddle: String, Sendable, CaseIterable {
    /// Two resnets and a transformer between.
    case crossAttention = "UNetMidBlock2DCrossAttn"
    /// One resnet.
    case plain = "UNetMidBlock2D"
    /// Two resnets and an attention of pixels and tokens together between.
    case simpleCrossAttention = "UNetMidBlock2DSimpleCrossAttn"
}
