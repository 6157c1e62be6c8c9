/// A way back from noise to pictures, one timestep at a time.
public protocol Sampler: Sendable {
    /// The timesteps at which the model is asked, descending.
    var timesteps: [Int] { get }

    /// Replaces x_t, t being `timesteps[index]`, by the sample of the next timestep.
    ///
    /// - Parameters:
    ///   - sample: all samples at once, since the sampler's own noise is drawn for all of them in one call.
    ///   - prediction: what the model gives for them, of the schedule's ``PredictionType``.
    ///   - variance: what it gives beside that where the schedule says so; else nil.
    ///   - generator: where the sampler's own noise comes from.
    func step(
        _ sample: UnsafeMutableBufferPointer<Float>, prediction: UnsafeBufferPointer<Float>, variance: UnsafeBufferPointer<Float>?,
        at index: Int, generator: inout TorchGenerator)
}

extension NoiseSchedule {
    /// The timesteps diffusers' schedulers take for a number of steps, descending.
    ///
    /// Where rounding makes diffusers' trailing list one too long and end in -1, that last entry is left out.
    /// - Throws: ``ConfigurationError`` when there are more steps than timesteps or an offset leads past the last one.
    func timesteps(steps: Int) throws(ConfigurationError) -> [Int] {
        guard (1...count).contains(steps) else { throw .invalid(key: "steps", expected: "1 to \(count)", found: "\(steps)") }
        switch timestepSpacing {
        case .leading:
            let ratio = count / steps
            let first = (steps - 1) * ratio + stepsOffset
            guard first < count else {
                throw .invalid(key: "steps_offset", expected: "timesteps below \(count)", found: "\(first) for \(steps) steps")
            }
            return (0..<steps).reversed().map { $0 * ratio + stepsOffset }
        case .linspace:
            guard steps > 1 else { return [0] }
            let distance = Double(count - 1) / Double(steps - 1)
            return (0..<steps).reversed().map { index in
                index == steps - 1 ? count - 1 : Int((Double(index) * distance).rounded(.toNearestOrEven))
            }
        case .trailing:
            let ratio = Double(count) / Double(steps)
            // NumPy's arange takes its increment from the first two values.
            let increment = (Double(count) - ratio) - Double(count)
            return (0..<steps).map { Int((Double(count) + Double($0) * increment).rounded(.toNearestOrEven)) - 1 }
        }
    }
}
