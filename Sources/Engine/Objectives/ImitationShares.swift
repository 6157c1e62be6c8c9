/// How much each term of ``Imitation`` counts. Only what they are to each other matters: they are divided by their sum.
public struct ImitationShares: Sendable, Equatable {
    /// Of the difference between what the two networks give.
    public var output: Double
    /// Of the difference between what their blocks give.
    public var features: Double
    /// Of the loss that the network would have without a teacher.
    public var task: Double

    /// Shares, none below zero.
    public init(output: Double = 0, features: Double = 0, task: Double = 0) {
        self.output = output
        self.features = features
        self.task = task
    }

    /// What they are divided by.
    public var sum: Double { output + features + task }

    var normalized: ImitationShares { ImitationShares(output: output / sum, features: features / sum, task: task / sum) }

    /// What runs of either network: where blocks are compared, what they give leaves it too.
    public func graph(of model: any Architecture) -> Graph { features > 0 ? model.graphShowingBlocks : model.graph }

    /// Bytes that a teacher takes, without its weights, for so many samples at once: it goes forward alone, and what it gives is kept
    /// at the student's channels.
    public func bytes(batch: Int, teacher: any Architecture, student: any Architecture, parallel: Parallel) -> Int {
        let shown = graph(of: student)
        let targets = shown.outputs.reduce(0) { $0 + shown.nodes[$1.node].shape.count }
        return graph(of: teacher).activationBytes(batch: batch, isTraining: false, preparedLimit: 0, parallel: parallel)
            + batch * targets * MemoryLayout<Float>.stride
    }
}
