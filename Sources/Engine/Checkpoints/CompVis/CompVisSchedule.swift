import Documents

/// The betas of CompVis's code base.
struct CompVisSchedule: Sendable, Equatable {
    /// The first β.
    let start: Double
    /// The last β.
    let end: Double
    /// How many.
    let count: Int
    /// diffusers' name of what lies between: what that code calls `linear` is linear in the roots.
    let name: String

    private static let names = ["linear": "scaled_linear", "sqrt_linear": "linear", "cosine": "squaredcos_cap_v2"]
    /// Of latent diffusion's own networks.
    static let latentDiffusion = CompVisSchedule(start: 0.0015, end: 0.0195)
    /// Of Stable Diffusion.
    static let stableDiffusion = CompVisSchedule(start: 0.00085, end: 0.012)

    private init(start: Double, end: Double, count: Int = 1000, name: String = "scaled_linear") {
        (self.start, self.end, self.count, self.name) = (start, end, count, name)
    }

    /// Reads the keys of `model.params`; those that are missing have that code's defaults.
    init(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        let word = try reader.word("beta_schedule", oneOf: Self.names.keys.sorted(), default: "linear")
        name = Self.names[word] ?? "scaled_linear"
        start = try reader.number("linear_start", in: 0...1, default: 1e-4)
        end = try reader.number("linear_end", in: 0...1, default: 2e-2)
        count = try reader.integer("timesteps", in: 1...ConfigurationLimits.timesteps, default: 1000)
        if name == "squaredcos_cap_v2", try reader.number("cosine_s", in: 0...1, default: 8e-3) != 8e-3 {
            throw .invalid(key: "cosine_s", expected: "0.008", found: "another")
        }
    }

    /// The schedule that a file's own betas are; nil where they are none that ``name`` can say.
    init?(_ betas: [Float]) {
        guard betas.count > 2, let first = betas.first, let last = betas.last, first > 0, first < last, last < 1 else { return nil }
        for name in ["scaled_linear", "linear"] {
            let power = name == "linear" ? 1.0 : 0.5
            // As few digits as give back the number: they were rounded to float32 when they were saved.
            let (start, end) = (Self.rounded(first), Self.rounded(last))
            let (from, to) = (Self.power(start, power), Self.power(end, power))
            let fits = betas.enumerated().allSatisfy { index, beta in
                let between = from + (to - from) * Double(index) / Double(betas.count - 1)
                return abs(Self.power(between, 1 / power) - Double(beta)) <= 1e-5 * Double(beta)
            }
            if fits {
                self.init(start: start, end: end, count: betas.count, name: name)
                return
            }
        }
        return nil
    }

    private static func power(_ number: Double, _ exponent: Double) -> Double {
        switch exponent {
        case 0.5: number.squareRoot()
        case 2: number * number
        default: number
        }
    }

    /// To six digits, where those are the same number.
    private static func rounded(_ number: Float) -> Double {
        var scale = 1.0
        while Double(number) * scale < 1e5 { scale *= 10 }
        let short = (Double(number) * scale).rounded() / scale
        return abs(short - Double(number)) <= 1e-6 * Double(number) ? short : Double(number)
    }

    /// diffusers' `scheduler_config.json`: as that code's DDIM samples, neither clipped nor to ᾱ = 1, one step later than multiples.
    func json(prediction: String) -> JSON {
        [
            "_class_name": "DDIMScheduler", "_diffusers_version": "0.30.0", "beta_end": .double(end), "beta_schedule": .string(name),
            "beta_start": .double(start), "clip_sample": false, "num_train_timesteps": .integer(count),
            "prediction_type": .string(prediction), "set_alpha_to_one": false, "steps_offset": 1, "timestep_spacing": "leading",
        ]
    }
}
