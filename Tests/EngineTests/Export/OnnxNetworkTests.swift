import Documents
import Engine
import Foundation
import Testing

/// That outputs are diffusers' is held by Tests/Interop/onnx_layout.py.
struct OnnxNetworkTests {
    private static func reader(_ folder: String) throws -> SafeTensorsReader {
        try SafeTensorsReader(path: Golden.fixtures.appending(path: "\(folder)/weights.safetensors").path)
    }

    private static func file(_ network: OnnxNetwork) throws -> OnnxFile {
        network.file(try #require(network.places), dataName: "model.onnx_data", producer: ("pruner", "1"))
    }

    /// Batch, height and width are free: what a network of another size is exported to is the same model.
    @Test(arguments: ["unet/ddpm", "unet/skips", "unet/class_times", "condition/sd1", "condition/simple"])
    func theSizeThatANetworkWasBuiltForIsInNoneOfIt(folder: String) throws {
        let config = try JSON(parsing: Array(Golden.data("\(folder)/config.json")))
        let files = try [JSON.integer(16), .integers([32, 16])].map { size in
            let changed = Data(config.replacing(["sample_size": size]).compact.utf8)
            return try Self.file(OnnxNetwork(denoiser: changed, weights: Self.reader(folder)))
        }
        #expect(files[0].model == files[1].model)
    }

    /// The same numbers, where they have to be written anew.
    @Test func numbersAreStreamedAsFloat32() throws {
        let source = try Self.reader("unet/ddpm")
        let network = try OnnxNetwork(denoiser: Golden.data("unet/ddpm/config.json"), weights: source)
        let stored = try #require(network.places)
        var bytes: [UInt8] = []
        let written = try network.write { bytes += $0 }
        let original = try Array(Golden.data("unet/ddpm/weights.safetensors"))
        #expect(Set(written.keys) == Set(stored.keys))
        for (name, place) in written {
            let found = try #require(stored[name])
            #expect(bytes[place.offset..<(place.offset + place.size)] == original[found.offset..<(found.offset + found.size)], "\(name)")
        }
    }

    @Test func weightsOfAnotherNetworkAreRefused() throws {
        let config = try Golden.data("unet/ddpm/config.json")
        #expect(throws: CheckpointError.self) { try OnnxNetwork(denoiser: config, weights: Self.reader("unet/ldm")) }
    }
}
