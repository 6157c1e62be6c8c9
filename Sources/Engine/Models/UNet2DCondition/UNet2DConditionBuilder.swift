/// Emits the nodes of a ``UNet2DConditionModel``. A value is the index of the node that computes it.
struct UNet2DConditionBuilder: LayerBuilder {
    let configuration: UNet2DConditionConfiguration
    let shapes: [String: [Int]]
    /// How many tokens it is told.
    let tokenCount: Int
    var graph = Graph()
    /// The last node of each block.
    private(set) var blockOutputs: [String] = []
    /// The time embedding after its activation, which resnets read.
    private(set) var activatedEmbedding = 0
    /// The time embedding as it is.
    private(set) var embedding = 0
    /// What attention looks at beside pixels.
    private(set) var tokens = 0
    /// What blocks going down leave for those going up.
    var skips: [Int] = []

    init(configuration: UNet2DConditionConfiguration, shapes: [String: [Int]], tokenCount: Int) {
        self.configuration = configuration
        self.shapes = shapes
        self.tokenCount = tokenCount
    }

    mutating func build() throws(GraphError) {
        let levels = configuration.levels
        let sample = try graph.add(
            "sample",
            Input(Shape(height: configuration.sampleHeight, width: configuration.sampleWidth, channels: configuration.inChannels)))
        let timestep = try graph.add("timestep", Input(.vector(1)))
        tokens = try graph.add(
            "encoder_hidden_states", Input(Shape(height: 1, width: tokenCount, channels: configuration.tokenWidth)))
        try embedTime(timestep)
        if configuration.projectedTokenWidth != nil {
            tokens = try linear("encoder_hid_proj", tokens, out: levels[0].tokenWidth, width: .own)
        }

        var hidden = sample
        if configuration.centersSample { hidden = try graph.add("centered_sample", Affine(scale: 2, shift: -1), [sample]) }
        hidden = try same("conv_in", hidden, out: levels[0].width, kernel: configuration.inKernel)
        skips = [hidden]
        for level in levels.indices {
            hidden = try down(level, hidden)
            endBlock(hidden)
        }
        if let middle = configuration.middle {
            hidden = try self.middle(middle, hidden)
            endBlock(hidden)
        }
        for block in levels.indices {
            hidden = try up(block, hidden)
            endBlock(hidden)
        }
        hidden = try norm(
            "conv_norm_out", hidden, groups: configuration.normGroups, epsilon: configuration.normEpsilon,
            activation: configuration.activation)
        hidden = try same("conv_out", hidden, out: configuration.outChannels, kernel: configuration.outKernel)
        graph.addOutput("out_sample", hidden)
    }

    /// A convolution that leaves the map as large as it is.
    private mutating func same(_ name: String, _ input: Int, out: Int, kernel: Int) throws(GraphError) -> Int {
        try convolution(name, input, out: out, kernel: kernel, padding: .symmetric((kernel - 1) / 2))
    }

    private mutating func endBlock(_ node: Int) { blockOutputs.append(graph.nodes[node].name) }

    // MARK: Timesteps and classes

    private mutating func embedTime(_ timestep: Int) throws(GraphError) {
        let width = configuration.timeEmbeddingDim
        let activation = configuration.activation
        let time = try projectTime("time_proj", timestep)
        var hidden = try embed("time_embedding", time, out: width, activation: activation)
        if let told = try embedClass(width) {
            hidden = try graph.add("class_time", configuration.concatenatesClasses ? Concat() : Add(), [hidden, told])
        }
        if let activation = configuration.timeActivation {
            hidden = try graph.add("time_embed_act", Activation(activation), [hidden])
        }
        embedding = hidden
        activatedEmbedding = try graph.add("time_embedding.nonlinearity", Activation(activation), [hidden])
    }

    private mutating func embedClass(_ width: Int) throws(GraphError) -> Int? {
        switch configuration.classes {
        case .table(let classes):
            let labels = try graph.add("class_labels", Input(.vector(1)))
            let channels = shapes["class_embedding.weight"]?.last ?? width
            return try graph.add(
                "class_embedding", Embedding("class_embedding", rows: classes, channels: channels, isFixed: false), [labels])
        case .timestep:
            let labels = try projectTime("class_proj", try graph.add("class_labels", Input(.vector(1))))
            return try embed("class_embedding", labels, out: width, activation: configuration.activation)
        case .identity: return try graph.add("class_labels", Input(.vector(width)))
        case .projection(let channels):
            return try embed("class_embedding", try graph.add("class_labels", Input(.vector(channels))), out: width)
        case .simpleProjection(let channels):
            let labels = try graph.add("class_labels", Input(.vector(channels)))
            return try linear("class_embedding", labels, out: width, width: .own)
        case nil: return nil
        }
    }

    private mutating func projectTime(_ name: String, _ number: Int) throws(GraphError) -> Int {
        let projection: any Operator =
            configuration.hasStoredFrequencies
            ? FourierEmbedding(
                "time_proj", frequencies: configuration.timeEmbeddingDim / 2, takesLogarithm: false,
                flipSinToCos: configuration.flipSinToCos)
            : TimestepEmbedding(
                channels: configuration.levels[0].width, flipSinToCos: configuration.flipSinToCos,
                frequencyShift: configuration.freqShift)
        return try graph.add(name, projection, [number])
    }
}
