/// How a batch goes through a model within a limit of memory: how many samples at once, and which activations are kept for backward.
///
/// The numbers are those of the whole batch: gradients add up over its parts, and what is made again is the same to the last bit.
public struct BatchPlan: Sendable, Equatable {
    /// Samples that go through at once.
    public let batch: Int
    /// How often that takes to cover the whole batch; the last part may have empty places.
    public let parts: Int
    /// Segments of ``Schedule``: 1 keeps every activation.
    public let segments: Int
    /// Floats of prepared weights that may be kept; nil is the usual share.
    public let preparedLimit: Int?
    /// Bytes of activations, their gradients, working memory and prepared weights, and of what goes beside them.
    public let bytes: Int

    /// More segments than this save nothing any more.
    private static let segmentCounts = [2, 3, 4, 6, 8, 12, 16, 24, 32]

    /// The plan that does the least work: the whole batch if it fits, else the largest part of it that does, else a single sample with
    /// fewer kept activations. Where nothing fits, the plan that takes the least memory: its ``bytes`` exceed the limit.
    ///
    /// - Parameters:
    ///   - samples: the whole batch.
    ///   - largest: samples that are to go through at once at most.
    ///   - limit: bytes.
    ///   - preparedLimit: floats of prepared weights to keep if there is room; nil is the usual share.
    ///   - beside: bytes that something else takes for as many samples at once, of the same limit.
    public init(
        _ graph: Graph, samples: Int, largest: Int = .max, isTraining: Bool, limit: Int,
        preparedLimit: Int? = nil, parallel: Parallel, beside: @escaping (Int) -> Int = { _ in 0 }
    ) {
        func bytes(_ batch: Int, _ segments: Int, _ prepared: Int?) -> Int {
            ExecutionPlan(
                graph, batch: batch, isTraining: isTraining, preparedLimit: prepared, segments: segments, parallel: parallel
            ).total * MemoryLayout<Float>.stride + beside(batch)
        }
        /// The plan for parts of equal size, none larger than `largest`.
        func plan(_ largest: Int, _ segments: Int, _ prepared: Int?) -> BatchPlan {
            let parts = (samples + largest - 1) / largest
            let batch = (samples + parts - 1) / parts
            return BatchPlan(
                batch: batch, parts: parts, segments: segments, preparedLimit: prepared, bytes: bytes(batch, segments, prepared))
        }
        let whole = plan(min(samples, largest), 1, preparedLimit)
        guard whole.bytes > limit else {
            self = whole
            return
        }
        let limits: [Int?] = preparedLimit == 0 ? [0] : [preparedLimit, 0]
        for prepared in limits where bytes(1, 1, prepared) <= limit {
            // The largest that fits is in fitting..<tooLarge.
            var (fitting, tooLarge) = (1, min(samples, largest))
            while tooLarge - fitting > 1 {
                let middle = (fitting + tooLarge) / 2
                if bytes(middle, 1, prepared) <= limit { fitting = middle } else { tooLarge = middle }
            }
            self = plan(fitting, 1, prepared)
            return
        }
        let candidates = (isTraining ? Self.segmentCounts : [1]).lazy.map { plan(1, $0, 0) }
        self = candidates.first { $0.bytes <= limit } ?? candidates.min { $0.bytes < $1.bytes } ?? whole
    }

    private init(batch: Int, parts: Int, segments: Int, preparedLimit: Int?, bytes: Int) {
        self.batch = batch
        self.parts = parts
        self.segments = segments
        self.preparedLimit = preparedLimit
        self.bytes = bytes
    }
}

extension Graph {
    /// Bytes of activations, their gradients and working memory that a batch needs, without the parameters but with what is prepared
    /// of them.
    public func activationBytes(
        batch: Int, isTraining: Bool, preparedLimit: Int? = nil, segments: Int = 1, parallel: Parallel
    ) -> Int {
        ExecutionPlan(self, batch: batch, isTraining: isTraining, preparedLimit: preparedLimit, segments: segments, parallel: parallel)
            .total
            * MemoryLayout<Float>.stride
    }

    /// Bytes that one sample takes on its way through the model, without weights and what is prepared of them.
    public func sampleBytes(_ parallel: Parallel) -> Int {
        activationBytes(batch: 1, isTraining: false, preparedLimit: 0, parallel: parallel)
    }
}
