/// How one half of an autoencoder goes over samples within a limit of memory: whole, as many at once as fit, or each in tiles.
public struct AutoencoderPlan: Sendable {
    /// Which half.
    public let half: AutoencoderHalf
    /// One picture, going in or coming out.
    public let sampleShape: Shape
    /// Its latents.
    public let latentShape: Shape
    /// The side of a tile in pixels of latents; nil where samples go through whole.
    public let tile: Int?
    /// How whole samples, or tiles, go through.
    public let batch: BatchPlan
    /// Bytes of activations, working memory and prepared weights; above the limit where not even the smallest tile fits.
    public var bytes: Int { batch.bytes }

    let configuration: AutoencoderConfiguration
    let memory: Int
    let parallel: Parallel

    /// Tiles are no smaller: what a pixel of latents becomes depends on its neighbours.
    private static let smallestTile = 8

    /// The plan for pictures of a size.
    ///
    /// - Parameters:
    ///   - samples: how many at most there are at a time.
    ///   - memory: bytes.
    /// - Throws: ``AutoencoderError`` where the autoencoder cannot work on pictures of this size.
    public init(
        _ configuration: AutoencoderConfiguration, _ half: AutoencoderHalf, height: Int, width: Int, samples: Int, memory: Int,
        parallel: Parallel
    ) throws(AutoencoderError) {
        func plan(_ tile: Int?) throws(AutoencoderError) -> Self {
            try Self(configuration, half, height: height, width: width, tile: tile, samples: samples, memory: memory, parallel: parallel)
        }
        var found = try plan(nil)
        var side = max(found.latentShape.height, found.latentShape.width)
        while found.bytes > memory {
            // Three quarters of a side are a whole number of pixels.
            side = side / 2 / 4 * 4
            guard side >= Self.smallestTile else { break }
            found = try plan(side)
        }
        self = found
    }

    /// The plan with given tiles; nil is whole.
    package init(
        _ configuration: AutoencoderConfiguration, _ half: AutoencoderHalf, height: Int, width: Int, tile: Int?, samples: Int, memory: Int,
        parallel: Parallel
    ) throws(AutoencoderError) {
        try configuration.check(height: height, width: width)
        let factor = configuration.scaleFactor
        let channels = half == .encoder ? configuration.inChannels : configuration.outChannels
        sampleShape = Shape(height: height, width: width, channels: channels)
        latentShape = Shape(height: height / factor, width: width / factor, channels: configuration.latentChannels)
        let (rows, columns) = (min(tile ?? .max, latentShape.height), min(tile ?? .max, latentShape.width))
        let model = try AutoencoderModel(configuration, height: rows * factor, width: columns * factor)
        batch = BatchedExecutor.plan(model.graph(half), samples: max(1, samples), memory: memory, parallel: parallel)
        self.half = half
        self.tile = tile
        self.configuration = configuration
        self.memory = memory
        self.parallel = parallel
    }

    /// Pixels of the graph's input and output for one pixel of latents.
    var factors: (input: Int, output: Int) {
        half == .encoder ? (configuration.scaleFactor, 1) : (1, configuration.scaleFactor)
    }
}
