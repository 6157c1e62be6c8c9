/// What a cut is to leave little of.
public enum CutResource: String, Sendable, CaseIterable, Codable {
    /// Multiply-accumulates of one sample's way through the network: ``Graph/multiplyAccumulates``.
    case macs
    /// Numbers that the parameters hold: ``Graph/parameterCount``.
    case parameters
    /// Bytes of the weights' file.
    case size
    /// Nanoseconds of one sample on this machine, as ``SampleClock`` measures them.
    case secondsPerSample = "seconds_per_sample"
    /// Bytes that one sample's way through the network holds at once, without weights: ``Graph/sampleBytes(_:)``.
    case activationMemory = "activation_memory"

    /// Whether what a network takes of it is known without running the network.
    public var isCounted: Bool { self != .secondsPerSample }
}
