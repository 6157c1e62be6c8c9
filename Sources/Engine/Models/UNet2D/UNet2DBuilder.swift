/// Emits the nodes of a ``UNet2DModel``. A value is the index of the node that computes it.
struct UNet2DBuilder: LayerBuilder {
    let configuration: UNet2DConfiguration
    let shapes: [String: [Int]]
    var graph = Graph()
    /// The last node of each block.
    private(set) var blockOutputs: [String] = []
    /// The time embedding after its activation, which every resnet reads.
    private(set) var activatedEmbedding = 0
    /// What blocks going down leave for those going up.
    var skips: [Int] = []
    /// The picture that skip blocks filter beside the features; nil where none has begun.
    var picture: Int?

    init(configuration: UNet2DConfiguration, shapes: [String: [Int]]) {
        self.configuration = configuration
        self.shapes = shapes
    }

    mutating func build() throws(GraphError) {
        let widths = configuration.blockOutChannels
        let sample = try graph.add(
            "sample",
            Input(Shape(height: configuration.sampleHeight, width: configuration.sampleWidth, channels: configuration.inChannels)))
        let timestep = try graph.add("timestep", Input(.vector(1)))
        try embedTime(timestep)

        var input = sample
        if configuration.centersSample { input = try graph.add("centered_sample", Affine(scale: 2, shift: -1), [sample]) }
        var hidden = try convolution("conv_in", input, out: widths[0])
        skips = [hidden]
        picture = input
        for level in widths.indices {
            hidden = try down(level, hidden)
            endBlock(hidden)
        }
        if configuration.hasMidBlock {
            hidden = try middle(hidden, width: widths[widths.count - 1])
            endBlock(hidden)
        }
        picture = nil
        for block in widths.indices {
            hidden = try up(block, hidden)
            endBlock(hidden)
        }

        hidden = try norm(
            "conv_norm_out", hidden, groups: configuration.lastNormGroups, epsilon: configuration.normEpsilon, activation: .silu)
        hidden = try convolution("conv_out", hidden, out: configuration.outChannels)
        if let picture { hidden = try graph.add("out_picture", Add(), [hidden, picture]) }
        if configuration.timeEmbedding == .fourier { hidden = try graph.add("out_score", Quotient(), [hidden, timestep]) }
        graph.addOutput("out_sample", hidden)
    }

    private mutating func endBlock(_ node: Int) { blockOutputs.append(graph.nodes[node].name) }

    // MARK: Timesteps and classes

    private mutating func embedTime(_ timestep: Int) throws(GraphError) {
        let time = try projectTime("time_proj", timestep)
        var hidden = try embed("time_embedding", time, out: configuration.timeEmbeddingDim)
        switch configuration.classEmbedding {
        case .table(let classes):
            let labels = try graph.add("class_labels", Input(.vector(1)))
            let table = Embedding("class_embedding", rows: classes, channels: channels(hidden), isFixed: false)
            hidden = try graph.add("class_time", Add(), [hidden, try graph.add("class_embedding", table, [labels])])
        case .timestep:
            let labels = try projectTime("class_proj", try graph.add("class_labels", Input(.vector(1))))
            let embedded = try embed("class_embedding", labels, out: configuration.timeEmbeddingDim)
            hidden = try graph.add("class_time", Add(), [hidden, embedded])
        case .identity:
            let labels = try graph.add("class_labels", Input(.vector(channels(hidden))))
            hidden = try graph.add("class_time", Add(), [hidden, labels])
        case nil: break
        }
        activatedEmbedding = try graph.add("time_embedding.nonlinearity", Activation(configuration.activation), [hidden])
    }

    /// What diffusers' `time_proj` makes of a number; its parameters are `time_proj`'s wherever it stands.
    private mutating func projectTime(_ name: String, _ number: Int) throws(GraphError) -> Int {
        let channels = configuration.blockOutChannels[0]
        let projection: any Operator =
            switch configuration.timeEmbedding {
            case .positional:
                TimestepEmbedding(channels: channels, flipSinToCos: configuration.flipSinToCos, frequencyShift: configuration.freqShift)
            case .learned(let steps): Embedding("time_proj", rows: steps, channels: channels, isFixed: true)
            case .fourier: FourierEmbedding("time_proj", frequencies: channels)
            }
        return try graph.add(name, projection, [number])
    }
}
