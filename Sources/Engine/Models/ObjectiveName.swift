/// What a network can be scored, trained and judged by. Each is a file of `Objectives/`; an ``Architecture`` names those that it can serve.
public struct ObjectiveName: Hashable, Sendable {
    /// The name in words.
    public let text: String

    /// An objective of this name.
    public init(_ text: String) { self.text = text }

    /// From the inputs `sample` and `timestep`, the noise of the sample at the output `out_sample`.
    public static let noisePrediction = ObjectiveName("noise prediction")
    /// From the input `sample`, the same picture at the output `reconstruction`.
    public static let reconstruction = ObjectiveName("reconstruction")
    /// From the input `noise`, a picture at the output `picture`.
    public static let generation = ObjectiveName("generation")
}
