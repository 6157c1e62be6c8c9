import ArgumentParser
import Documents
import Foundation
import Jobs

extension Component: ExpressibleByArgument {}
extension JobRequest.ErrorMeasure: ExpressibleByArgument {}
extension JobRequest.Method: ExpressibleByArgument {}
extension JobRequest.Widths: ExpressibleByArgument {}
extension JobRequest.Allocation: ExpressibleByArgument {}
extension JobRequest.TimeEmbeddingRule: ExpressibleByArgument {}
extension JobRequest.Sampler: ExpressibleByArgument {}
extension JobRequest.WeightType: ExpressibleByArgument {}
extension JobRequest.Schedule: ExpressibleByArgument {}
extension JobRequest.Optimizer: ExpressibleByArgument {}
extension Recipe: ExpressibleByArgument {}

/// What a job is asked for on the command line: fields of the API's request, by their names there.
struct JobOptions: ParsableArguments {
    @Option(
        help: "A JSON file with a job as the API takes it, without checkpoint and dataset; options go before it.",
        completion: .file(extensions: ["json"]))
    var request: String?
    @Option(help: "What to call the job.") var name: String?
    @Option(help: "The format of the result's weights; else the one that came in.") var dtype: JobRequest.WeightType?
    @Option(help: "What is left out takes: best, what was found best for few steps; paper, the paper's (default: best).") var recipe:
        Recipe?

    @Option(
        help: """
            Which network is pruned: unet, vae or vqvae, decoder, a vae's alone, or generator (default: unet, or what the checkpoint is by \
            itself).
            """)
    var component: Component?
    @Option(help: "How channels are ranked (default: diff-pruning, of an autoencoder or a generator gauss-newton).")
    var method: JobRequest.Method?
    @Option(help: "The share of channels to remove, 0 to 0.95; auto: as much as goes before the held-out loss bends up (default: 0.3).")
    var ratio: AutomaticNumber?
    @Option(help: "Instead of a ratio: the most multiply-accumulates that are left, a number or a share of the original's such as 50%.")
    var maxMacs: CountLimit?
    @Option(help: "Instead of a ratio: the most parameters that are left, a number or such as 50%.") var maxParameters: CountLimit?
    @Option(help: "Instead of a ratio: the most bytes of weights that are left, such as 20MB, 20MiB or 50%.") var maxSize: BytesLimit?
    @Option(help: "Instead of a ratio: the most bytes of activations of one sample's way through what is left, such as 20MB or 50%.")
    var maxActivationMemory: BytesLimit?
    @Option(
        help: """
            Instead of a ratio: the most seconds that a sample takes on the machine that cuts, drawn as the evaluation does: a number, or such \
            as 50%.
            """)
    var maxSecondsPerSample: SecondsLimit?
    @Option(
        help: """
            Instead of a ratio: the furthest cut that raises the held-out loss by at most this share of the original's, such as 0.1 or 10%; beside \
            the other limits the furthest that keeps to all of them.
            """)
    var maxLossIncrease: ShareArgument?
    @Option(help: "diffusers: one width per block, from_pretrained loads it; free: every layer its own (default: diffusers).")
    var widths: JobRequest.Widths?
    @Option(
        help: """
            table: where diffusers widths cut the first block, a learned table tells the timestep, which not every scheduler takes; sinusoid: the \
            first block keeps its width (default: table).
            """)
    var timeEmbedding: JobRequest.TimeEmbeddingRule?
    @Option(
        help: """
            uniform: every group loses the same share; global: those lose more that are worth little for their cost (default: global; \
            the recipe paper uniform).
            """)
    var allocation: JobRequest.Allocation?
    @Flag(
        inversion: .prefixedNo,
        help: """
            Whether a cut to a target, or with --ratio auto, may leave out layers, too, where that loses less (default: it may; the recipe paper \
            may not).
            """)
    var depth: Bool?
    @Option(
        help: """
            Scoring stops where the loss falls below this share of the largest; auto: chosen from what scoring finds (default: 0.05; 0, which is \
            never, for fisher, gauss-newton and group-fisher).
            """)
    var threshold: AutomaticNumber?
    @Option(help: "The first timestep to score (default: 0).") var firstTimestep: Int?
    @Option(help: "The last timestep to score (default: the schedule's last).") var lastTimestep: Int?
    @Option(help: "Score every so many timesteps (default: 4; 1 with the recipe paper, or where the first or the last is told).")
    var timestepStride: Int?
    @Option(help: "Over how many pictures an autoencoder is scored (default: 64).") var scoringSamples: Int?
    @Option(help: "Refit what the cut leaves on so many noised pictures; the recipe best does on 64.") var reconstructionSamples: Int?
    @Option(
        help: "A JSON file with a plan, as a job's plan.json holds it: what to cut, instead of ranking.",
        completion: .file(extensions: ["json"]))
    var plan: String?

    @Option(help: "What an autoencoder is scored, trained and judged by: mse, or l1, the differences' magnitudes (default: mse).")
    var error: JobRequest.ErrorMeasure?
    @Option(help: "What the divergence of an AutoencoderKL's latents counts beside its pictures' error (default: 0).")
    var klWeight: NumberArgument?

    @Option(help: "Fine-tune for so many steps; without it and its kind nothing is fine-tuned.") var steps: Int?
    @Option(help: "What makes a step of a gradient: soap, which learns more of a step, or adamw (default: soap; the recipe paper adamw).")
    var optimizer: JobRequest.Optimizer?
    @Option(help: "The learning rate (default: 7e-3, of an autoencoder 4e-3, with adamw 2e-3, of a generator 1e-3; the recipe paper 2e-4).")
    var learningRate: NumberArgument?
    @Option(help: "Steps in which the learning rate rises (default: 40, or a fifth of the steps; the recipe paper 0).")
    var warmupSteps: Int?
    @Option(help: "The learning rate after that: cosine, to zero, or constant (default: cosine; the recipe paper constant).")
    var schedule: JobRequest.Schedule?
    @Option(help: "What the weights lose at each step, times the learning rate (default: 0).") var weightDecay: NumberArgument?
    @Option(help: "The decay of the weights' moving average (default: 0.9999).") var emaDecay: NumberArgument?
    @Option(help: "The largest norm of the gradients (default: 1).") var gradientClip: NumberArgument?
    @Flag(help: "Do not mirror pictures at random while fine-tuning.") var noFlip = false
    @Option(help: "The share of pictures shown without their class or caption, to a model that knows an empty one (default: 0.1).")
    var unconditionalProbability: NumberArgument?

    @Option(help: "Draw so many samples before and after and compare them; without it and its kind nothing is evaluated.")
    var samples: Int?
    @Option(help: "What draws the samples (default: ddim).") var sampler: JobRequest.Sampler?
    @Option(help: "Steps to draw a sample in (default: 100).") var samplingSteps: Int?
    @Option(help: "DDIM's randomness, 0 to 1 (default: 0).") var eta: NumberArgument?
    @Option(help: "How far samples of a model that is told classes or captions are moved towards theirs (default: 1, not at all).")
    var guidanceScale: NumberArgument?
    @Option(
        help: """
            How samples are judged, with commas between: ssim and mse, how like the original's they are; mind, kid and frechet, how far each stage's \
            are from the reference; fid, the same as frechet by the published weights of Inception (default: ssim,mse).
            """)
    var metrics: WordsArgument?
    @Option(
        help: """
            What mind, kid and frechet compare with: pictures, as a dataset's, or for frechet and fid an .npz of mu and sigma (default: the \
            held-out pictures).
            """,
        completion: .file())
    var reference: String?
    @Option(
        help: """
            Weights of Inception, as pytorch-fid and torch-fidelity publish them, that make features for mind, kid, frechet and fid (default: \
            the middle of the original makes them).
            """,
        completion: .file())
    var extractor: String?
    @Flag(help: "Keep every sample, in samples.tar.") var keepSamples = false

    @Option(help: "Pictures at a time, to score and to fine-tune (default: 16; 32 to fine-tune an autoencoder).") var batchSize: Int?
    @Option(help: "The seed of every phase (default: 0).") var seed: Int?

    /// The API's request without checkpoint and dataset: the file, then the options, each only in the phases there are. A command without
    /// a file prunes, whatever its options.
    ///
    /// - Throws: ``CommandFailure`` for a file that cannot be read.
    func body() throws -> JSON {
        var body = try request.map(Self.document) ?? .object([])
        guard case .object = body else { throw CommandFailure(.usage, "\(request ?? ""): a job is a JSON object") }
        for name in ["checkpoint", "dataset"] where body[name] != nil {
            throw CommandFailure(.usage, "\(request ?? ""): \(name) is given by --\(name)")
        }
        var fields: [String: JSON] = [:]
        if let name { fields["name"] = .string(name) }
        if let dtype { fields["dtype"] = .string(dtype.rawValue) }
        if let recipe { fields["recipe"] = .string(recipe.rawValue) }
        body = body.replacing(fields)
        body = body.with("objective", objective)
        body = body.with("pruning", try pruning(), ifAbsent: request == nil)
        body = body.with("finetuning", finetuning)
        body = body.with("evaluation", evaluation)
        // Of every phase that is there.
        if let batchSize { body = body.with("batch_size", .integer(batchSize), in: ["pruning", "finetuning"]) }
        if let seed { body = body.with("seed", .integer(seed), in: ["pruning", "finetuning", "evaluation"]) }
        return body
    }

    private var objective: [String: JSON] {
        var fields: [String: JSON] = [:]
        if let error { fields["error"] = .string(error.rawValue) }
        if let klWeight { fields["kl_weight"] = klWeight.json }
        return fields
    }

    private func pruning() throws -> [String: JSON] {
        var fields: [String: JSON] = [:]
        if let plan { fields["plan"] = try Self.document(plan) }
        if let component { fields["component"] = .string(component.rawValue) }
        if let method { fields["method"] = .string(method.rawValue) }
        if let ratio { fields["ratio"] = ratio.json }
        let target = try target()
        if !target.isEmpty { fields["target"] = .object([]).replacing(target) }
        if let widths { fields["widths"] = .string(widths.rawValue) }
        if let timeEmbedding { fields["time_embedding"] = .string(timeEmbedding.rawValue) }
        if let allocation { fields["allocation"] = .string(allocation.rawValue) }
        if let depth { fields["depth"] = .bool(depth) }
        if let threshold { fields["threshold"] = threshold.json }
        var timesteps: [String: JSON] = [:]
        if let firstTimestep { timesteps["first"] = .integer(firstTimestep) }
        if let lastTimestep { timesteps["last"] = .integer(lastTimestep) }
        if let timestepStride { timesteps["stride"] = .integer(timestepStride) }
        if !timesteps.isEmpty { fields["timesteps"] = .object([]).replacing(timesteps) }
        if let scoringSamples { fields["samples"] = .integer(scoringSamples) }
        if let reconstructionSamples { fields["reconstruction"] = ["samples": .integer(reconstructionSamples)] }
        return fields
    }

    /// The limits by the API's names.
    private func target() throws -> [String: JSON] {
        let limits = [
            ("macs", maxMacs?.json), ("parameters", maxParameters?.json), ("size", maxSize?.json),
            ("activation_memory", maxActivationMemory?.json), ("seconds_per_sample", maxSecondsPerSample?.json),
            ("loss_increase", maxLossIncrease?.json),
        ]
        let given = limits.compactMap { name, limit in limit.map { (name, $0) } }
        if ratio != nil, let (name, _) = given.first {
            throw CommandFailure(
                .usage, "--ratio and \(RequestErrors.name("/pruning/target/\(name)")) cannot be given together: both say how much goes")
        }
        return Dictionary(uniqueKeysWithValues: given)
    }

    private var finetuning: [String: JSON] {
        var fields: [String: JSON] = [:]
        if let steps { fields["steps"] = .integer(steps) }
        if let learningRate { fields["learning_rate"] = learningRate.json }
        if let warmupSteps { fields["warmup_steps"] = .integer(warmupSteps) }
        if let schedule { fields["schedule"] = .string(schedule.rawValue) }
        if let optimizer { fields["optimizer"] = .string(optimizer.rawValue) }
        if let weightDecay { fields["weight_decay"] = weightDecay.json }
        if let emaDecay { fields["ema_decay"] = emaDecay.json }
        if let gradientClip { fields["gradient_clip"] = gradientClip.json }
        if noFlip { fields["flip"] = false }
        if let unconditionalProbability { fields["unconditional_probability"] = unconditionalProbability.json }
        return fields
    }

    private var evaluation: [String: JSON] {
        var fields: [String: JSON] = [:]
        if let samples { fields["samples"] = .integer(samples) }
        if let sampler { fields["sampler"] = .string(sampler.rawValue) }
        if let samplingSteps { fields["steps"] = .integer(samplingSteps) }
        if let eta { fields["eta"] = eta.json }
        if let guidanceScale { fields["guidance_scale"] = guidanceScale.json }
        if let metrics { fields["metrics"] = metrics.json }
        if let reference { fields["reference"] = .string(reference) }
        if let extractor { fields["extractor"] = .string(extractor) }
        if keepSamples { fields["keep_samples"] = true }
        return fields
    }

    private static func document(_ path: String) throws -> JSON {
        let bytes: Data
        do { bytes = try Data(contentsOf: URL(fileURLWithPath: path)) } catch { throw CommandFailure(.usage, "\(path) cannot be read") }
        do { return try JSON(parsing: Array(bytes)) } catch {
            throw CommandFailure(.usage, "\(path) is not JSON: \(error.explained(in: bytes))")
        }
    }
}

extension JSON {
    /// An object with `fields` in its member `name`, which is made where it is missing; unchanged where there are none.
    fileprivate func with(_ name: String, _ fields: [String: JSON], ifAbsent isMade: Bool = false) -> JSON {
        let old = self[name] == .null ? nil : self[name]
        guard !fields.isEmpty || (isMade && old == nil) else { return self }
        var merged = fields
        // The file's timesteps and target, and those of them that options give.
        for name in ["timesteps", "target"] {
            if let part = old?[name], case .object = part, case .object(let members) = fields[name] {
                merged[name] = part.replacing(Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) }))
            }
        }
        // An option that says how much goes stands for whichever way the file says it.
        for (given, other) in [("ratio", "target"), ("target", "ratio")] where fields[given] != nil && old?[other] != nil {
            merged[other] = .null
        }
        return replacing([name: (old ?? .object([])).replacing(merged)])
    }

    /// An object with a field in those of its members that are objects.
    fileprivate func with(_ field: String, _ value: JSON, in names: [String]) -> JSON {
        names.reduce(self) { body, name in
            guard let part = body[name], case .object = part, part["plan"] == nil else { return body }
            return body.replacing([name: part.replacing([field: value])])
        }
    }
}
