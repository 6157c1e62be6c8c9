import Foundation
import Testing

/// Reading takes at most twice a file's size in memory, whatever the file asks for. Each is read in a process of its own, whose peak of
/// resident memory tells.
@Suite(.serialized) struct ReadingMemoryTests {
    /// Beyond twice the file: what the pickle of a small file may take.
    private static let constant = 4 << 20
    private static let size = 24 << 20

    enum Bomb: String, CaseIterable, Codable, Sendable {
        case lists, nones, tuples, nestedTuples, dictionaries, memos, appended, names, sharedTensors, entries, tensors
        case headerNumbers, headerObjects, headerTensors, longText, marks

        /// A file of about `size` bytes.
        func bytes(_ size: Int) -> [UInt8] {
            func state(_ more: [UInt8]) -> [UInt8] {
                TorchFile.bytes(TorchFile.list([0x7D, 0x28] + TorchFile.text("w") + TorchFile.tensor + [0x75], more))
            }
            func repeated(_ bytes: [UInt8]) -> [UInt8] { (0..<size / bytes.count).flatMap { _ in bytes } }
            switch self {
            case .lists: return state(repeated([0x5D]))
            case .nones: return state(repeated([0x4E]))
            case .tuples: return state(repeated([0x29]))
            case .nestedTuples: return state([0x29] + repeated([0x85]))
            case .dictionaries: return state(repeated([0x7D]))
            case .memos: return state([0x4E] + (0..<size / 5).flatMap { [0x72] + TorchFile.little($0 &* 0x9E37_79B1, 4) })
            case .appended: return state([0x5D, 0x28] + repeated([0x4E]) + [0x65])
            case .names: return state([0x7D, 0x28] + (0..<size / 14).flatMap { TorchFile.text("n\($0 + 1_000_000)") + [0x4E] } + [0x75])
            case .sharedTensors:
                return TorchFile.bytes(
                    [0x7D] + TorchFile.text("w") + TorchFile.tensor + [0x71, 0, 0x73, 0x28]
                        + (0..<size / 15).flatMap { TorchFile.text("n\($0 + 1_000_000)") + [0x68, 0] } + [0x75])
            case .entries: return TorchFile.bytes(pickle: [0x80, 2, 0x7D, 0x2E], more: size / 100)
            case .tensors: return state([0x28] + repeated(TorchFile.tensor) + [0x74])
            case .headerNumbers: return Self.safetensors(Array("{\"a\":[".utf8) + repeated(Array("0,".utf8)) + Array("0]}".utf8))
            case .headerObjects: return Self.safetensors(Array("{\"a\":[".utf8) + repeated(Array("{},".utf8)) + Array("0]}".utf8))
            case .headerTensors:
                let entry = #"":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
                return Self.safetensors(
                    [UInt8(ascii: "{")] + (0..<size / 60).flatMap { Array("\"n\($0)\(entry),".utf8) } + Array("\"n\(entry)}".utf8))
            case .longText: return state([0x58] + TorchFile.little(size, 4) + [UInt8](repeating: 0x61, count: size))
            case .marks: return state(repeated([0x28]))
            }
        }

        private static func safetensors(_ header: [UInt8]) -> [UInt8] { TorchFile.little(header.count, 8) + header }
    }

    /// Bytes that the process has at most held since it began.
    static func peak() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1024
    }

    @Test(arguments: Bomb.allCases)
    func aBombIsReadOrRefusedInTwiceItsSize(bomb: Bomb) async throws {
        let bytes = bomb.bytes(Self.size)
        #expect(bytes.count > Self.size / 2)
        let limit = 2 * bytes.count + Self.constant
        try await TorchFile.with(bytes) { path in
            await #expect(processExitsWith: .success) { [path = path as String, limit = limit as Int] in
                let before = Self.peak()
                _ = HostileFileTests.read(path)
                let taken = Self.peak() - before
                precondition(before > 0 && taken <= limit, "took \(taken) bytes, at most \(limit) are allowed")
            }
        }
    }

    /// The gauge itself: a process that takes three times as much is caught.
    @Test func takingMoreIsNoticed() async throws {
        let limit = 2 * Self.size + Self.constant
        await #expect(processExitsWith: .failure) { [limit = limit as Int] in
            let before = Self.peak()
            let taken = [UInt8](repeating: 1, count: limit + (8 << 20))
            precondition(taken[limit / 2] == 1 && Self.peak() - before <= limit)
        }
    }
}
