import Documents
import Engine

/// Pictures that an autoencoder was not trained on, of a job, to be shown beside what it makes of them.
struct HeldOutPictures {
    private let numbers: [Float]
    private let shape: Shape
    /// As they are shown.
    let pictures: Pictures

    /// The first of those that the held-out loss is of; nil where samples are drawn in their place.
    ///
    /// - Parameter most: how many at most.
    init?(_ inputs: JobInputs, most: Int) throws {
        guard case .reconstruction = inputs.objective, let set = inputs.pictures else { return nil }
        let held = HeldOutLoss.held(of: set.count).prefix(most)
        let (numbers, shape) = (try set.load(held), set.shape)
        (self.numbers, self.shape) = (numbers, shape)
        pictures = numbers.withUnsafeBufferPointer {
            Pictures(count: held.count, channels: shape.channels, height: shape.height, width: shape.width, quantizing: $0)
        }
    }

    /// What a network makes of them, (pictures, channels, height, width).
    ///
    /// - Parameter progress: called now and then; what it throws ends the run.
    func reconstructed(by trained: TrainedModel, memory: Int, parallel: Parallel, progress: () throws -> Void) throws -> [Float] {
        try Reconstructor(trained, samples: pictures.count, memory: memory, parallel: parallel).run(numbers, progress: progress)
    }

    /// How far reconstructions are from the pictures: the contract's `reconstruction` of an evaluation.
    func json(_ before: Pictures, _ pruned: Pictures?, _ after: Pictures) -> JSON {
        func change(_ measure: (Pictures) -> Double?) -> JSON {
            [
                "before": .optional(measure(before)), "pruned": .optional(pruned.flatMap(measure)), "after": .optional(measure(after)),
            ]
        }
        return [
            "mse": change { $0.meanSquaredError(to: pictures) },
            "ssim": change { reconstructed in
                StructuralSimilarity.perSample(pictures, reconstructed).map { $0.reduce(0, +) / Double($0.count) }
            },
        ]
    }
}
