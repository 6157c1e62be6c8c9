/// One learned tensor of a model, by the checkpoint's own name.
public struct Parameter: Hashable, Sendable {
    /// How PyTorch's constructors fill a tensor that nobody trained yet.
    public enum Initialization: Hashable, Sendable {
        /// `uniform(-1/√fanIn, 1/√fanIn)`: `nn.Conv2d` and `nn.Linear`, weight (Kaiming with a = √5) and bias alike.
        case uniform(fanIn: Int)
        /// `nn.Embedding`: standard normal.
        case normal
        /// `GaussianFourierProjection`: normal; its constructor draws so often and keeps the last. They are never trained.
        case frequencies(deviation: Float, draws: Int)
        /// `VectorQuantizer`'s table: `uniform(-1/rows, 1/rows)`, over the normal numbers that an `nn.Embedding` has drawn.
        case codebook(rows: Int)
        /// A norm's weight.
        case ones
        /// A norm's bias.
        case zeros
        /// What a batch norm has found of its inputs, which begins so: `running_mean` and `running_var`. It is never trained.
        case statistic(Float)
    }

    /// The name in a checkpoint, such as `down_blocks.0.resnets.0.conv1.weight`.
    public let name: String
    /// The shape in a checkpoint: PyTorch's order, (out, in, height, width) for a convolution.
    public let shape: [Int]
    /// How fresh values are drawn.
    public let initialization: Initialization

    /// A parameter of a checkpoint.
    public init(_ name: String, _ shape: [Int], _ initialization: Initialization) {
        self.name = name
        self.shape = shape
        self.initialization = initialization
    }

    /// Whether training changes it: neither random frequencies, nor statistics, nor a table that others than the network go by.
    public var isTrained: Bool {
        switch initialization {
        case .frequencies, .codebook, .statistic: false
        case .uniform, .normal, .ones, .zeros: true
        }
    }

    /// Whether it holds what was found of a layer's inputs, which PyTorch does not call a parameter.
    var isStatistic: Bool { if case .statistic = initialization { true } else { false } }

    /// Whether it holds frequencies, by which numbers are multiplied that may be large.
    var holdsFrequencies: Bool { if case .frequencies = initialization { true } else { false } }

    /// How many numbers it holds.
    public var count: Int { shape.reduce(1, *) }

    /// Kernel taps per (out, in) pair: 9 for a 3×3 convolution, 1 for a linear layer.
    var taps: Int { shape.count == 4 ? shape[2] * shape[3] : 1 }
}
