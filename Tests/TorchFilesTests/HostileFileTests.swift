import Engine
import Foundation
import Testing

/// Malicious and malformed weights, through the reader that uploads go through. Tests/Fixtures/make_hostile_checkpoints.py made them.
@Suite struct HostileFileTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let file: String
        let expected: String
        let reason: String
        var testDescription: String { file }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/hostile")

    private static func cases() throws -> [Case] {
        try JSONDecoder().decode([Case].self, from: Data(contentsOf: folder.appending(path: "cases.json")))
    }

    /// Opens weights and reads every number of floating-point tensors; gives what there was, or why it was refused.
    static func read(_ path: String) -> Result<[String], CheckpointError> {
        do {
            let source = try WeightsFile.open(path: path, name: "weights")
            for tensor in source.tensors where tensor.type.isFloatingPoint {
                var numbers = [Float](repeating: .nan, count: tensor.count)
                try numbers.withUnsafeMutableBufferPointer { try source.read(tensor.name, into: $0) }
                guard numbers.allSatisfy(\.isFinite) else { return .failure(.missingFile(expected: "numbers that were written")) }
            }
            return .success(source.tensors.map(\.name))
        } catch let error as CheckpointError {
            return .failure(error)
        } catch {
            return .failure(.missingFile(expected: "\(error)"))
        }
    }

    @Test func everyCaseLoadsAsPlainTensorsOrIsRefusedWithItsReason() throws {
        let cases = try Self.cases()
        #expect(cases.count > 400)
        for hostile in cases {
            switch Self.read(Self.folder.appending(path: hostile.file).path) {
            case .success: #expect(hostile.expected == "loads", "\(hostile.file) was loaded")
            case .failure(let error):
                #expect(hostile.expected == "refused", "\(hostile.file): \(error)")
                #expect(hostile.reason.isEmpty || error.description.contains(hostile.reason), "\(hostile.file): \(error)")
                #expect(error.description.utf8.count < 1000, "\(hostile.file)")
            }
        }
    }

    @Test(arguments: ["plain.pt", "legacy-plain.pt"])
    func aGoodFileDamagedAnywhereIsReadOrRefused(name: String) async throws {
        let good = try Data(contentsOf: Self.folder.appending(path: name))
        #expect((try? Self.read(Self.folder.appending(path: name).path).get()) == ["w"])
        for index in good.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] where good[index] != value {
                var bytes = [UInt8](good)
                bytes[index] = value
                try await TorchFile.with(bytes) { path in
                    guard case .success(let names) = Self.read(path) else { return }
                    #expect(names.count == 1)
                }
            }
            try await TorchFile.with([UInt8](good.prefix(index))) { path in
                if case .success = Self.read(path) { Issue.record("\(index) bytes of \(good.count) were loaded") }
            }
        }
    }
}
