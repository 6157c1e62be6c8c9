import Foundation

/// Bytes of a file of torch.save, put together from opcodes.
enum TorchFile {
    /// A pickled value.
    typealias Value = [UInt8]

    static func text(_ text: String) -> Value { [0x58] + little(text.utf8.count, 4) + Array(text.utf8) }

    static func integer(_ number: Int) -> Value { [0x4A] + little(number, 4) }

    static func tuple(_ items: Value...) -> Value { [0x28] + items.flatMap { $0 } + [0x74] }

    static func list(_ items: Value...) -> Value { [0x5D, 0x28] + items.flatMap { $0 } + [0x65] }

    static func dictionary(_ members: (String, Value)...) -> Value { [0x7D, 0x28] + members.flatMap { text($0.0) + $0.1 } + [0x75] }

    static func global(_ module: String, _ name: String) -> Value { [0x63] + Array("\(module)\n\(name)\n".utf8) }

    /// A tensor of four numbers, which the record `data/0` holds.
    static let tensor = tensor(of: 4, offset: 0, size: [4], strides: [1])

    /// A view of the `count` numbers in the record `data/0`.
    static func tensor(of count: Int, offset: Int, size: [Int], strides: [Int]) -> Value {
        let storage = tuple(text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), integer(count)) + [0x51]
        let sizes = [0x28] + size.flatMap(integer) + [0x74], steps = [0x28] + strides.flatMap(integer) + [0x74]
        let hooks = global("collections", "OrderedDict") + [0x29, 0x52]
        return global("torch._utils", "_rebuild_tensor_v2") + tuple(storage, integer(offset), sizes, steps, [0x89], hooks) + [0x52]
    }

    /// The file whose pickle gives `value`.
    static func bytes(_ value: Value) -> [UInt8] { bytes(pickle: [0x80, 2] + value + [0x2E]) }

    static func bytes(pickle: [UInt8], more: Int = 0, numbers: [Float] = [1, 2, 3, 4]) -> [UInt8] {
        let entries = [("x/data.pkl", pickle), ("x/data/0", numbers.withUnsafeBytes { Array($0) })]
        return zip(entries + (0..<more).map { ("x/\($0)", []) })
    }

    /// A zip of stored entries.
    static func zip(_ entries: [(name: String, data: [UInt8])]) -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for (name, data) in entries {
            let common =
                little(0x800, 2) + little(0, 6) + little(checksum(data), 4) + little(data.count, 4) + little(data.count, 4)
                + little(name.utf8.count, 2)
            directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + common + little(0, 12) + little(file.count, 4) + Array(name.utf8)
            file += [0x50, 0x4B, 3, 4, 20, 0] + common + little(0, 2) + Array(name.utf8) + data
        }
        let wide =
            [0x50, 0x4B, 6, 6] + little(44, 8) + little(0, 12) + little(entries.count, 8) + little(entries.count, 8)
            + little(directory.count, 8) + little(file.count, 8)
        let locator = [0x50, 0x4B, 6, 7] + little(0, 4) + little(file.count + directory.count, 8) + little(1, 4)
        let count = little(min(entries.count, 0xFFFF), 2)
        let end = [0x50, 0x4B, 5, 6] + little(0, 4) + count + count + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
        return file + directory + wide + locator + end
    }

    static func little(_ number: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = ~0
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
        }
        return Int(~sum)
    }

    /// Runs a body with a file of these bytes, which is gone afterwards.
    @discardableResult
    static func with<Result>(_ bytes: [UInt8], _ body: (String) async throws -> Result) async throws -> Result {
        let url = FileManager.default.temporaryDirectory.appending(path: "torch-file-\(UUID().uuidString)")
        try Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try await body(url.path)
    }
}
