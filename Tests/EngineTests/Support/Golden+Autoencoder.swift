import Engine
import Foundation

extension Golden {
    /// A tiny autoencoder of Tests/Fixtures/autoencoder (made by make_autoencoder_golden.py) with its weights.
    static func autoencoder(_ name: String) throws -> Autoencoder {
        let weights = try SafeTensorsReader(path: fixtures.appending(path: "autoencoder/\(name)/weights.safetensors").path)
        return try Autoencoder(config: data("autoencoder/\(name)/config.json"), weights: weights)
    }
}
