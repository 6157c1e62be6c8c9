import Engine
import Foundation
import Testing

struct NoiseScheduleTests {
    @Test func noConfigurationIsDiffusersDefault() throws {
        let schedule = try NoiseSchedule(json: nil)
        #expect(schedule.count == 1000)
        #expect(schedule.clipRange == 1)
        #expect(schedule.timestepSpacing == .leading)
        #expect(abs(schedule.alphasCumprod[999] - 4.0358e-5) < 1e-8)
        #expect(schedule.signalScale(at: 0) == schedule.alphasCumprod[0].squareRoot())
        #expect(schedule.warnings.isEmpty)
    }

    @Test func thePublishedCifarSchedulerIsTaken() throws {
        let json = """
            {"_class_name": "DDPMScheduler", "_diffusers_version": "0.1.1", "beta_end": 0.02, "beta_schedule": "linear", "beta_start": 0.0001,
             "clip_sample": true, "num_train_timesteps": 1000, "trained_betas": null, "variance_type": "fixed_large", "tensor_format": "pt"}
            """
        let schedule = try NoiseSchedule(json: Data(json.utf8))
        #expect(schedule.varianceType == .fixedLarge)
        #expect(schedule.warnings == [Warning(.unknownKey, "unknown configuration key tensor_format is ignored")])
    }

    @Test func otherClassesAreReadForTheirBetas() throws {
        let json = #"{"_class_name": "PNDMScheduler", "beta_schedule": "scaled_linear", "skip_prk_steps": true, "steps_offset": 1}"#
        let schedule = try NoiseSchedule(json: Data(json.utf8))
        #expect(schedule.note == nil && schedule.timesteps == 1000 && !schedule.setAlphaToOne && schedule.stepsOffset == 1)
        #expect(
            schedule.warnings.map(\.detail) == [
                "PNDMScheduler is read for its betas: samples are drawn by DDIM or DDPM, and its file stays as it is"
            ])
        let cosine = try NoiseSchedule(json: Data(#"{"_class_name": "UnCLIPScheduler", "variance_type": "fixed_small_log"}"#.utf8))
        let same = try NoiseSchedule(json: Data(#"{"beta_schedule": "squaredcos_cap_v2", "variance_type": "fixed_small_log"}"#.utf8))
        #expect(cosine.alphasCumprod == same.alphasCumprod && cosine.varianceType == same.varianceType)
    }

    @Test(arguments: [
        #"{"_class_name": "CMStochasticIterativeScheduler", "num_train_timesteps": 40, "sigma_max": 80.0}"#,
        #"{"_class_name": "ScoreSdeVeScheduler", "snr": 0.15}"#, #"{"_class_name": "UniPCMultistepScheduler", "use_flow_sigmas": true}"#,
    ])
    func classesWithoutBetasAreTakenWithANote(json: String) throws {
        let schedule = try NoiseSchedule(json: Data(json.utf8))
        #expect(schedule.note != nil && schedule.timesteps == nil && schedule.warnings.count == 1)
    }

    @Test func noiseAloneAtTheEndIsForPredictionsThatSayMoreThanNoise() throws {
        let json = #"{"prediction_type": "v_prediction", "rescale_betas_zero_snr": true, "timestep_spacing": "trailing"}"#
        let schedule = try NoiseSchedule(json: Data(json.utf8))
        #expect(schedule.alphasCumprod.last == 0 && schedule.predictionType == .velocity && schedule.warnings.isEmpty)
    }

    @Test(arguments: [
        (#"{"_class_name": "MyScheduler"}"#, "_class_name"),
        (#"{"prediction_type": "flow_prediction"}"#, "prediction_type"),
        (#"{"predict_epsilon": false}"#, "predict_epsilon"),
        (#"{"variance_type": "fixed_large_log"}"#, "variance_type"),
        (#"{"thresholding": true}"#, "thresholding"),
        (#"{"rescale_betas_zero_snr": true}"#, "rescale_betas_zero_snr"),
        (#"{"beta_schedule": "laplace"}"#, "beta_schedule"),
        (#"{"beta_start": 0, "beta_end": 0}"#, "beta_schedule"),
        (#"{"beta_end": 1}"#, "beta_schedule"),
        (#"{"beta_end": 1e999}"#, "beta_end"),
        (#"{"num_train_timesteps": 0}"#, "num_train_timesteps"),
        (#"{"num_train_timesteps": 1000000000}"#, "num_train_timesteps"),
        (#"{"trained_betas": [0.1, 0.2]}"#, "trained_betas"),
        (#"{"trained_betas": [0.1, 2], "num_train_timesteps": 2}"#, "trained_betas[1]"),
        (#"{"trained_betas": [0.1, 1], "num_train_timesteps": 2}"#, "trained_betas"),
        (#"{"steps_offset": -1}"#, "steps_offset"),
        (#"{"timestep_spacing": "karras"}"#, "timestep_spacing"),
        (#"{"clip_sample": "yes"}"#, "clip_sample"),
    ])
    func whatIsNotSupportedIsRefusedByKey(json: String, blamed: String) {
        #expect {
            try NoiseSchedule(json: Data(json.utf8))
        } throws: { error in
            if case .invalid(let key, _, _) = error as? ConfigurationError { key == blamed } else { false }
        }
    }
}
