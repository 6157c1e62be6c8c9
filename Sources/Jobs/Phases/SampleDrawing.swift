import Engine
import Storage

/// The samples of every stage of a job: drawn part by part and step by step, from where an earlier attempt stood.
final class SampleDrawing {
    /// How far it has come.
    let record: EvaluationRecord

    private let phase: Evaluating
    private let job: RunningJob
    private let memory: Int
    private let stages: Int
    private let held: HeldOutLoss?
    /// What a network is told: sample i is of what the held-out picture i is of.
    private let told: Conditions?
    /// One picture of a sample.
    private let shape: Shape
    private let decodes: Bool
    /// What an autoencoder is shown in place of noise.
    let originals: HeldOutPictures?
    /// What a generator is shown, in place of a sampler that goes on from there.
    private let noise: FixedNoise?

    /// - Parameters:
    ///   - memory: bytes for activations.
    ///   - stages: how many there are.
    init(_ phase: Evaluating, _ job: RunningJob, memory: Int, stages: Int) throws {
        (self.phase, self.job, self.memory, self.stages) = (phase, job, memory, stages)
        let (inputs, settings) = (job.inputs, phase.settings)
        held = try inputs.judging(job.parallel).map { try HeldOutLoss($0, seed: settings.heldOutSeed) }
        told = inputs.pictures.flatMap { pictures in pictures.conditions?.taking(HeldOutLoss.held(of: pictures.count)) }
        let sample = inputs.stages.original.model.sampleShape
        if let encoding = inputs.encoding, let autoencoder = encoding.autoencoder {
            (shape, decodes) = (encoding.picture.with(channels: autoencoder.outChannels), true)
        } else {
            (shape, decodes) = (sample, false)
        }
        originals = try HeldOutPictures(inputs, most: settings.samples)
        noise = FixedNoise(inputs.objective)
        let count = originals?.pictures.count ?? settings.samples
        let (bytes, numbers) = (count * shape.count, min(settings.samples, Sampling.largestPart) * sample.count)
        record =
            try job.saved(Evaluating.name) { try EvaluationRecord(path: $0, stages: stages, bytes: bytes, numbers: numbers) }
            ?? EvaluationRecord()
    }

    private var settings: JobRequest.Evaluation { phase.settings }
    private var stepsOfPart: Int { originals == nil && noise == nil ? settings.sampling.steps + (decodes ? 1 : 0) : 1 }
    /// In how many parts each stage's are drawn.
    private var allParts: Int { originals == nil ? settings.sampling.parts : 1 }

    /// Steps that drawing takes.
    var steps: Int { stages * ((held == nil ? 0 : 1) + allParts * stepsOfPart) }

    /// Those of them that earlier attempts did.
    var completed: Int {
        record.drawn.reduce(record.sampling?.step ?? 0) { $0 + (held == nil ? 0 : 1) + parts($1) * stepsOfPart }
    }

    /// The parts that are pictures.
    private func parts(_ drawn: EvaluationRecord.Drawn) -> Int {
        guard originals == nil else { return drawn.bytes.isEmpty ? 0 : 1 }
        return (drawn.bytes.count / shape.count + Sampling.largestPart - 1) / Sampling.largestPart
    }

    /// The pictures of every stage.
    var pictures: [Pictures] {
        record.drawn.map {
            Pictures(
                count: $0.bytes.count / shape.count, channels: shape.channels, height: shape.height, width: shape.width, bytes: $0.bytes)
        }
    }

    /// Finds the held-out loss of a stage and draws its samples, or what is left of that.
    ///
    /// The network is let go of before a decoder is read, and read again for another part.
    func draw(_ stage: JobStages.Stage, at place: Int) throws {
        while record.drawn.count <= place || parts(record.drawn[place]) < allParts {
            let samples = try draw(part: stage, at: place)
            record.drawn[place].bytes += try shown(samples)
            record.sampling = nil
        }
    }

    /// The samples of the next part.
    private func draw(part stage: JobStages.Stage, at place: Int) throws -> [Float] {
        let checkpoint = try stage.load()
        let parallel = job.parallel
        if record.drawn.count <= place {
            let loss = held?.evaluate(checkpoint.trained, memory: memory, parallel: parallel)
            record.drawn.append(EvaluationRecord.Drawn(loss: loss))
            if held != nil { try step() }
        }
        var start = JobProgressReporter.now()
        guard let schedule = checkpoint.schedule else {
            let (trained, part) = (checkpoint.trained, settings.sampling.part(parts(record.drawn[place])))
            let made =
                try noise?.pictures(part, by: trained, memory: memory, parallel: parallel, progress: job.reporter.check)
                ?? originals?.reconstructed(by: trained, memory: memory, parallel: parallel, progress: job.reporter.check)
            record.drawn[place].seconds += JobProgressReporter.now() - start
            try step()
            return made ?? []
        }
        return try settings.sampling.part(parts(record.drawn[place])).run(
            checkpoint.trained, schedule: schedule, conditions: told, memory: memory, parallel: parallel, from: record.sampling
        ) { state in
            let now = JobProgressReporter.now()
            record.drawn[place].seconds += now - start
            record.sampling = state
            try step()
            start = JobProgressReporter.now()
        }
    }

    private func step() throws { try job.reporter.step { [job, record] in try job.blob(record.write) } }

    /// Samples as 8-bit pictures: what the pipeline's decoder makes of them, where they are latents.
    private func shown(_ samples: [Float]) throws -> [UInt8] {
        guard decodes, let autoencoder = try job.inputs.source.autoencoder([.decoder]) else {
            return samples.withUnsafeBufferPointer { Pictures.quantize($0) }
        }
        let most = min(Evaluating.largestDecoded, settings.samples)
        let decoder = try LatentDecoder(
            autoencoder, height: shape.height, width: shape.width, samples: most, memory: memory, parallel: job.parallel)
        var bytes: [UInt8] = []
        let size = most * decoder.plan.latentShape.count
        for start in stride(from: 0, to: samples.count, by: size) {
            let decoded = try decoder.decode(Array(samples[start..<min(start + size, samples.count)])) { _ in try job.reporter.check() }
            bytes += decoded.withUnsafeBufferPointer { Pictures.quantize($0) }
        }
        try job.reporter.step()
        return bytes
    }
}
