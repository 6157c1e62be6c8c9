import Foundation

/// The networks that checkpoints may hold.
public enum Architectures {
    /// All of them. A config that does not say its class is of the first, where it has keys of it.
    public static let known: [any Architecture.Type] = [
        UNet2DModel.self, UNet2DConditionModel.self, AutoencoderKL.self, AsymmetricAutoencoderKL.self, VQModel.self, DCGANGenerator.self,
    ]

    /// Keys that a network's config has some of, and hardly another's.
    private static let keysOfFirst = ["sample_size", "block_out_channels", "down_block_types", "up_block_types", "layers_per_block"]

    /// The one that a `config.json` is of.
    ///
    /// - Throws: ``ConfigurationError`` when it is no JSON object or names none that is known.
    static func named(in json: Data) throws(ConfigurationError) -> any Architecture.Type {
        var reader = try ConfigurationReader(json: json)
        guard reader.value("_class_name") != nil || keysOfFirst.contains(where: { reader.value($0) != nil }) else {
            throw .missing(key: "_class_name", expected: known.map { "\"\($0.className)\"" }.joined(separator: " or "))
        }
        let name = try reader.word("_class_name", oneOf: known.map { $0.className }, default: known[0].className)
        return known.first { $0.className == name } ?? known[0]
    }
}
