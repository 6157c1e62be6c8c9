import Documents
import Engine
import Foundation
import Testing

/// Names that a wrapper put something before, whatever kind of file they are in.
@Suite struct SharedPrefixTests {
    /// Tensors under other names.
    private struct Renamed: TensorSource {
        let source: SafeTensorsReader
        let name: @Sendable (String) -> String

        var notes: [Warning] { [] }
        var tensors: [TensorEntry] {
            source.tensors.map { TensorEntry(name: name($0.name), type: $0.type, shape: $0.shape, count: $0.count) }
        }
        private func former(_ name: String) -> String { source.tensors.first { self.name($0.name) == name }?.name ?? name }
        func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
            try source.read(former(name), into: destination)
        }
        func stream(_ name: String, _ take: (UnsafeBufferPointer<Float>) throws -> Void) throws {
            try source.stream(former(name), take)
        }
    }

    private func upload(_ name: @escaping @Sendable (String) -> String) throws -> UploadedWeights {
        let reader = try SafeTensorsReader(path: GoldenFile.url("unet/ddpm/weights.safetensors").path)
        return try UploadedWeights(
            config: Golden.data("unet/ddpm/config.json"), weights: Renamed(source: reader, name: name), scheduler: nil)
    }

    @Test(arguments: ["module.", "_orig_mod.", "model.unet."])
    func whatAllNamesShareIsTakenOffAndSaid(prefix: String) throws {
        let uploaded = try upload { prefix + $0 }
        #expect(!uploaded.hasForm)
        var bytes = 0
        let notes = try uploaded.read { bytes += $0.count }
        #expect(notes.contains(Warning(.prefixTakenOff, "the prefix \"\(prefix)\" was taken off every name")) && bytes > 0)
    }

    @Test func whatSomeNamesShareStays() throws {
        #expect(throws: CheckpointError.self) { try upload { $0.hasPrefix("conv_in") ? "model." + $0 : $0 } }
    }
}
