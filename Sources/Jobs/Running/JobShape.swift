import Engine

/// What is reckoned with before a phase runs: the networks without their weights, and how much there is to do.
package struct JobShape {
    package let request: JobRequest
    /// The original.
    package let before: any Architecture
    /// What pruning leaves of it, or has left so far; the same where nothing is pruned.
    package let after: any Architecture
    /// Whether ``after`` is reckoned, as what pruning leaves is known only after scoring.
    var isEstimate = false
    /// What fine-tuning imitates; nil where it imitates nothing.
    let teacher: (any Architecture)?
    let objective: JobObjective
    /// What becomes of pictures and captions before a network sees them; nil where they go in as they are.
    package var encoding: EncodingShape?
    /// How many pictures the dataset has.
    package let pictures: Int
    package let parallel: Parallel
    /// How many pictures sets of samples are compared with; 0 where none are.
    var references = 0
    /// Whether sets of samples are compared with statistics.
    var hasStatistics = false
    /// What makes features of them; nil where the original's middle does.
    var extractor: InceptionCheckpoint?

    /// Whether sets of samples are judged.
    var judgesSets: Bool { references > 0 || hasStatistics }
    /// Numbers of each picture's features; nil where there is nothing that makes them.
    var features: Int? { extractor?.model.features ?? MiddleFeatures.width(of: before) }

    /// How many samples networks are judged on.
    var heldOut: Int { objective.needsNoPictures ? HeldOutLoss.largestCount : min(HeldOutLoss.largestCount, pictures) }
    /// Bytes of the network that others are judged by, and of what it makes beside them; 0 where pictures are.
    var bytesOfJudge: Int {
        guard objective.needsNoPictures else { return 0 }
        let judge = teacher ?? before
        return judge.graph.parameterCount * MemoryLayout<Float>.stride
            + ImitationShares(output: 1).bytes(batch: Sampling.largestBatch, teacher: judge, student: before, parallel: parallel)
    }

    /// Whether pruning leaves less.
    var isCut: Bool { after.isCut(of: before) }
    /// Numbers of one sample.
    package var sampleCount: Int { before.sampleShape.count }
    /// Bytes of the original's weights.
    package var bytesBefore: Int { before.graph.parameterCount * MemoryLayout<Float>.stride }
    /// The result with as many weights as it may have: a cut that saves as many multiply-accumulates as another may keep more of them.
    var largestAfter: any Architecture { isEstimate ? before : after }
    /// Bytes of the result's weights, at most.
    package var bytesAfter: Int { largestAfter.graph.parameterCount * MemoryLayout<Float>.stride }
    /// Bytes of the weights of what fine-tuning imitates.
    var bytesOfTeacher: Int { (teacher?.graph.parameterCount ?? 0) * MemoryLayout<Float>.stride }
    /// Bytes of one sample.
    package var sampleBytes: Int { sampleCount * MemoryLayout<Float>.stride }
    /// Bytes of pictures that are kept decoded, none where latents of them are read; and of the table of what their classes are told by.
    package var pictureBytes: Int {
        (encoding?.autoencoder == nil ? min(StoredPictures.cacheLimit, pictures * sampleCount) : 0) + (encoding?.classes?.bytes ?? 0)
    }
    /// Bytes of what one sample's network is told beside it.
    var toldBytes: Int { before.graph.input("encoder_hidden_states").map { $0.count * MemoryLayout<Float>.stride } ?? 0 }
}
