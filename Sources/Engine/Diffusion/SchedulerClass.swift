/// A scheduler class of diffusers, as far as it says how a network was trained: what its betas are where its configuration is silent.
///
/// Samples are drawn by DDIM or DDPM whatever the class: as `DDIMScheduler.from_config(scheduler.config)` and its like for DDPM read it.
struct SchedulerClass {
    /// How pictures and noise were mixed.
    enum Betas {
        /// `beta_schedule` from `beta_start` to `beta_end`.
        case configured(start: Double, end: Double, schedule: String)
        /// The cosine schedule, whatever the configuration says.
        case squaredCosine
        /// There are none: noise levels, or flows.
        case none
    }

    let name: String
    var betas = Betas.configured(start: 0.0001, end: 0.02, schedule: "linear")
    var spacing = NoiseSchedule.TimestepSpacing.leading
    var clips = true
    var setAlphaToOne = true
    var variance = NoiseSchedule.VarianceType.fixedSmall
    /// Whether every key of its configuration is one that is read here.
    var isSampledHere = false

    /// Whether there are betas.
    var hasBetas: Bool { if case .none = betas { false } else { true } }

    /// Those of diffusers 0.42.
    static let known: [SchedulerClass] = {
        let wide = Betas.configured(start: 0.00085, end: 0.012, schedule: "linear")
        return [
            SchedulerClass(name: "DDPMScheduler", isSampledHere: true), SchedulerClass(name: "DDIMScheduler", isSampledHere: true),
            SchedulerClass(name: "DDPMParallelScheduler"), SchedulerClass(name: "DDIMParallelScheduler"),
            SchedulerClass(name: "DDIMInverseScheduler"), SchedulerClass(name: "RePaintScheduler"),
            SchedulerClass(name: "PNDMScheduler", setAlphaToOne: false),
            SchedulerClass(name: "UnCLIPScheduler", betas: .squaredCosine, variance: .fixedSmallLog),
            SchedulerClass(name: "EulerDiscreteScheduler", spacing: .linspace),
            SchedulerClass(name: "EulerAncestralDiscreteScheduler", spacing: .linspace),
            SchedulerClass(name: "DPMSolverMultistepScheduler", spacing: .linspace),
            SchedulerClass(name: "DPMSolverMultistepInverseScheduler", spacing: .linspace),
            SchedulerClass(name: "DPMSolverSinglestepScheduler"),
            SchedulerClass(name: "DEISMultistepScheduler", spacing: .linspace),
            SchedulerClass(name: "UniPCMultistepScheduler", spacing: .linspace),
            SchedulerClass(name: "SASolverScheduler", spacing: .linspace),
            SchedulerClass(name: "DPMSolverSDEScheduler", betas: wide, spacing: .linspace),
            SchedulerClass(name: "HeunDiscreteScheduler", betas: wide, spacing: .linspace, clips: false),
            SchedulerClass(name: "KDPM2DiscreteScheduler", betas: wide, spacing: .linspace),
            SchedulerClass(name: "KDPM2AncestralDiscreteScheduler", betas: wide, spacing: .linspace),
            SchedulerClass(name: "LMSDiscreteScheduler", spacing: .linspace),
            SchedulerClass(
                name: "LCMScheduler", betas: .configured(start: 0.00085, end: 0.012, schedule: "scaled_linear"), clips: false),
        ]
            + [
                "CMStochasticIterativeScheduler", "ScoreSdeVeScheduler", "ScoreSdeVpScheduler", "KarrasVeScheduler", "IPNDMScheduler",
                "EDMEulerScheduler", "EDMDPMSolverMultistepScheduler", "FlowMatchEulerDiscreteScheduler", "FlowMatchHeunDiscreteScheduler",
            ].map { SchedulerClass(name: $0, betas: .none) }
    }()
}
