import Foundation

/// How much of a picture is left at each timestep, and how a diffusers scheduler steps back: its `scheduler_config.json`, checked.
///
/// Equation 4 of DDPM (arXiv 2006.11239): `x_t = √ᾱ_t · x_0 + √(1 - ᾱ_t) · noise`. All numbers are float32 and computed in diffusers' order.
public struct NoiseSchedule: Sendable, Equatable {
    /// How timesteps are chosen when fewer are taken than were trained (table 2 of arXiv 2305.08891).
    public enum TimestepSpacing: String, Sendable, CaseIterable {
        /// Multiples of ⌊T / steps⌋ from 0, plus the offset; diffusers' default.
        case leading
        /// Evenly from 0 to T - 1, rounded.
        case linspace
        /// Evenly downwards from T - 1.
        case trailing
    }

    /// Which variance DDPM's ancestral sampling adds (section 3.2 of arXiv 2006.11239).
    public enum VarianceType: String, Sendable, CaseIterable {
        /// The posterior's variance β̃_t.
        case fixedSmall = "fixed_small"
        /// β̃_t by way of its logarithm.
        case fixedSmallLog = "fixed_small_log"
        /// The step's own β_t.
        case fixedLarge = "fixed_large"
        /// What the network gives beside its prediction.
        case learned
        /// Between β̃_t and β_t, logarithms as the network says from -1 to 1 (arXiv 2102.09672, equation 15).
        case learnedRange = "learned_range"
    }

    /// ᾱ_t for t in 0..<T, each between 0 and 1; the last may be 0 (zero terminal SNR, arXiv 2305.08891). Nobody's where there is a
    /// ``note``.
    public let alphasCumprod: [Float]
    /// What the network gives.
    public let predictionType: PredictionType
    /// Why neither examples nor samples can be made by it, where the scheduler is of a class without betas; else nil.
    public let note: String?
    /// The variance of ancestral sampling.
    public let varianceType: VarianceType
    /// The largest magnitude of a predicted x_0 (`clip_sample_range`); nil when `clip_sample` is false.
    public let clipRange: Float?
    /// Which timesteps are taken.
    public let timestepSpacing: TimestepSpacing
    /// What is added to leading timesteps.
    public let stepsOffset: Int
    /// Whether DDIM's last step goes to ᾱ = 1 rather than ᾱ_0.
    public let setAlphaToOne: Bool
    /// What was ignored.
    public let warnings: [Warning]

    /// T, the number of timesteps.
    public var count: Int { alphasCumprod.count }

    /// T where the network is told whole timesteps; nil where it is told noise levels.
    public var timesteps: Int? { note == nil ? count : nil }

    /// Whether the network gives a variance for every number that it predicts: as many channels more.
    public var predictsVariance: Bool { varianceType == .learned || varianceType == .learnedRange }

    /// √ᾱ_t, the picture's share of x_t.
    public func signalScale(at timestep: Int) -> Float { alphasCumprod[timestep].squareRoot() }

    /// √(1 - ᾱ_t), the noise's share of x_t.
    public func noiseScale(at timestep: Int) -> Float { (1 - alphasCumprod[timestep]).squareRoot() }

    /// Parses and checks a `scheduler_config.json`; nil gives diffusers' `DDPMScheduler()`.
    ///
    /// Other classes than `DDPMScheduler` and `DDIMScheduler` say by their betas how the network was trained (``SchedulerClass``); what is
    /// their own way of sampling is not read.
    /// - Throws: ``ConfigurationError`` naming the key and its value.
    public init(json: Data?) throws(ConfigurationError) {
        var reader = try ConfigurationReader(json: json ?? Data("{}".utf8))
        let known = SchedulerClass.known
        let name = try reader.word("_class_name", oneOf: known.map(\.name), default: known[0].name)
        let scheduler = known.first { $0.name == name } ?? known[0]
        let isFlow = reader.value("use_flow_sigmas") == .bool(true)
        guard scheduler.hasBetas, !isFlow else {
            note = "its scheduler (\(name)) has noise levels or flows in place of betas"
            (alphasCumprod, predictionType, varianceType, clipRange) = ([0.5], .epsilon, .fixedSmall, nil)
            (timestepSpacing, stepsOffset, setAlphaToOne) = (.leading, 0, true)
            warnings = [Warning(.noBetas, "\(name) has no betas: pruning needs a method without pictures, and no samples are drawn")]
            return
        }
        note = nil
        let prediction = try reader.word("prediction_type", oneOf: PredictionType.allCases.map(\.rawValue), default: "epsilon")
        predictionType = PredictionType(rawValue: prediction) ?? .epsilon
        let variance = try reader.word(
            "variance_type", oneOf: VarianceType.allCases.map(\.rawValue), default: scheduler.variance.rawValue)
        varianceType = VarianceType(rawValue: variance) ?? .fixedSmall
        let spacing = try reader.word(
            "timestep_spacing", oneOf: TimestepSpacing.allCases.map(\.rawValue), default: scheduler.spacing.rawValue)
        timestepSpacing = TimestepSpacing(rawValue: spacing) ?? .leading
        for (key, only) in [("thresholding", false), ("predict_epsilon", true)] where try reader.bool(key, default: only) != only {
            throw .invalid(key: key, expected: "\(only)", found: "\(!only)")
        }
        // These two say how to threshold, which is off.
        _ = reader.value("dynamic_thresholding_ratio")
        _ = reader.value("sample_max_value")
        let clips = try reader.bool("clip_sample", default: scheduler.clips)
        let range = Float(try reader.number("clip_sample_range", in: 1e-6...1e6, default: 1))
        clipRange = clips ? range : nil
        stepsOffset = try reader.integer("steps_offset", in: 0...1000, default: 0)
        setAlphaToOne = try reader.bool("set_alpha_to_one", default: scheduler.setAlphaToOne)

        var betas = try Self.betas(scheduler, &reader)
        let endsInNoise = try reader.bool("rescale_betas_zero_snr", default: false)
        if endsInNoise {
            guard predictionType != .epsilon else {
                throw .invalid(
                    key: "rescale_betas_zero_snr", expected: "false where prediction_type is epsilon: the last timestep is noise alone",
                    found: "true")
            }
            betas = Self.endingInNoise(betas)
        }
        alphasCumprod = Self.cumulative(betas)
        let last = alphasCumprod.count - 1
        for (timestep, alpha) in alphasCumprod.enumerated()
        where !(alpha > 0 && alpha < 1) && !(endsInNoise && timestep == last && alpha == 0) {
            throw .invalid(
                key: reader.value("trained_betas") == nil ? "beta_schedule" : "trained_betas",
                expected: "betas that keep the cumulative alphas between 0 and 1", found: "\(alpha) at timestep \(timestep)")
        }
        let ownWay = "\(name) is read for its betas: samples are drawn by DDIM or DDPM, and its file stays as it is"
        warnings = scheduler.isSampledHere ? reader.unknownKeyWarnings() : [Warning(.samplerNotRun, ownWay)]
    }

    /// ᾱ. PyTorch's cumprod of floats accumulates in double.
    private static func cumulative(_ betas: [Float]) -> [Float] {
        var product = 1.0
        return betas.map { beta in
            product *= Double(1 - beta)
            return Float(product)
        }
    }

    /// Betas whose last cumulative alpha is 0 (algorithm 1 of arXiv 2305.08891, as diffusers' `rescale_zero_terminal_snr` rounds it).
    private static func endingInNoise(_ betas: [Float]) -> [Float] {
        let roots = cumulative(betas).map { $0.squareRoot() }
        guard let first = roots.first, let last = roots.last, first > last else { return betas }
        let bars = roots.map { root in
            let scaled = (root - last) * (first / (first - last))
            return scaled * scaled
        }
        return bars.indices.map { 1 - ($0 == 0 ? bars[0] : bars[$0] / bars[$0 - 1]) }
    }

    private static func betas(_ scheduler: SchedulerClass, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> [Float] {
        let count = try reader.integer("num_train_timesteps", in: 1...100_000, default: 1000)
        guard case .configured(let start, let end, let schedule) = scheduler.betas else { return squaredCosine(count: count) }
        return try betas(count, start: start, end: end, schedule: schedule, &reader)
    }

    private static func betas(
        _ count: Int, start: Double, end: Double, schedule: String, _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> [Float] {
        let start = try reader.number("beta_start", in: 0...1, default: start)
        let end = try reader.number("beta_end", in: 0...1, default: end)
        let schedules = ["linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid"]
        let schedule = try reader.word("beta_schedule", oneOf: schedules, default: schedule)
        if let trained = reader.value("trained_betas") {
            let betas = try reader.list("trained_betas", maximumCount: 100_000, of: "a number from 0 to 1", default: []) { value in
                value.double.flatMap { (0...1).contains($0) ? Float($0) : nil }
            }
            guard betas.count == count else {
                throw reader.invalid("trained_betas", expected: "\(count) numbers, as num_train_timesteps says", found: trained)
            }
            return betas
        }
        switch schedule {
        case "linear": return linspace(start, end, count: count)
        case "scaled_linear": return linspace(start.squareRoot(), end.squareRoot(), count: count).map { $0 * $0 }
        case "sigmoid": return linspace(-6, 6, count: count).map { 1 / (1 + exp(-$0)) * Float(end - start) + Float(start) }
        default: return squaredCosine(count: count)
        }
    }

    /// `torch.linspace` in float32: from both ends towards the middle, each product and sum rounded once.
    private static func linspace(_ start: Double, _ end: Double, count: Int) -> [Float] {
        let (start, end) = (Float(start), Float(end))
        guard count > 1 else { return [start] }
        let step = (end - start) / Float(count - 1)
        return (0..<count).map { index in
            index < count / 2
                ? start.addingProduct(step, Float(index)) : end.addingProduct(-step, Float(count - 1 - index))
        }
    }

    /// The cosine schedule of arXiv 2102.09672, equation 17, with betas capped at 0.999.
    private static func squaredCosine(count: Int) -> [Float] {
        func alphaBar(_ time: Double) -> Double {
            let cosine = cos((time + 0.008) / 1.008 * Double.pi / 2)
            return cosine * cosine
        }
        return (0..<count).map { index in
            Float(min(1 - alphaBar(Double(index + 1) / Double(count)) / alphaBar(Double(index) / Double(count)), 0.999))
        }
    }
}
