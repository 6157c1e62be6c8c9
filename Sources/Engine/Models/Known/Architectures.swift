import Foundation

/// The networks that checkpoints may hold.
public enum Architectures {
    /// All of them. A config that does not say its class is of the first.
    public static let known: [any Architecture.Type] = [
        UNet2DModel.self, UNet2DConditionModel.self,
    ]

    /// The one that a `config.json` is of.
    ///
    /// - Throws: ``ConfigurationError`` when it is no JSON object or names none that is known.
    static func named(in json: Data) throws(ConfigurationError) -> any Architecture.Type {
        var reader = try ConfigurationReader(json: json)
        let name = try reader.word("_class_name", oneOf: known.map { $0.className }, default: known[0].className)
        return known.first { $0.className == name } ?? known[0]
    }
}
