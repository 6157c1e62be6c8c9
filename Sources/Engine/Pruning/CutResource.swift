/// What a cut is to leave little of.
public enum CutResource: String, Sendable, CaseIterable, Codable {
    /// Multiply-accumulates of one sample's way through the network: ``Graph/multiplyAccumulates``.
    case macs
    /// Numbers that the parameters hold: ``Graph/parameterCount``.
    case parameters
    /// Bytes of the weights' file.
    case size
    /// Bytes that one sample's way through the network holds at once, without weights: ``Graph/sampleBytes(_:)``.
    case activationMemory = "activation_memory"
}
