import Engine
import Foundation
import Testing

struct SafeTensorsTests {
    private struct Golden: Decodable {
        let float32: [UInt32]
        let float16: [UInt16]
        let bfloat16: [UInt16]
    }

    private func values(_ reader: SafeTensorsReader, _ name: String, from start: Int = 0, count: Int) throws -> [Float] {
        var values = [Float](repeating: -1, count: count)
        try values.withUnsafeMutableBufferPointer { try reader.read(name, from: start, into: $0) }
        return values
    }

    /// Runs a body with a file of these bytes, which is gone afterwards.
    private func withFile(_ bytes: Data, _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "safetensors-\(UUID().uuidString)")
        try bytes.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }

    private func file(header: String, data: Int) -> Data {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + Data(count: data)
    }

    @Test func everyFloatingPointFormatIsRead() throws {
        let golden = try GoldenFile.decode("safetensors_formats.json", as: Golden.self)
        let reader = try SafeTensorsReader(path: GoldenFile.url("safetensors_formats.safetensors").path)
        let exact = golden.float32.map { Float(bitPattern: $0) }
        #expect(reader.metadata == ["format": "pt"])
        #expect(reader["matrix"]?.shape == [3, 4])
        #expect(reader["scalar"]?.shape == [])
        #expect(try values(reader, "float32", count: 64) == exact)
        #expect(try values(reader, "float64", count: 64) == exact)
        #expect(try values(reader, "float16", count: 64) == golden.float16.map { Float(Float16(bitPattern: $0)) })
        #expect(try values(reader, "bfloat16", count: 64) == golden.bfloat16.map { Float(bitPattern: UInt32($0) << 16) })
        #expect(try values(reader, "matrix", from: 5, count: 3) == [5, 6, 7])
        #expect(try values(reader, "scalar", count: 1) == [2.5])
        #expect(try values(reader, "empty", count: 0) == [])
    }

    /// The first eight bytes are a length, which may look like the first bytes of a pickle, a zip or a gzip file.
    @Test func aHeaderOfAnyLengthIsToldFromOtherKinds() throws {
        let tensor = #"{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#
        func padded(_ length: Int) -> Data {
            file(header: tensor + String(repeating: " ", count: length - tensor.utf8.count - 1) + "}", data: 4)
        }
        for length in stride(from: 56, through: 200_000, by: 8) {
            let head = withUnsafeBytes(of: UInt64(length).littleEndian) { [UInt8]($0) } + Array(tensor.utf8)
            #expect(WeightsFile.isSafeTensors(head, fileSize: 8 + length + 4), "\(length)")
            #expect(!WeightsFile.isSafeTensors(head, fileSize: 8 + length - 1), "\(length)")
        }
        // 80 02 to 80 05, PK, 1F 8B.
        for length in [640, 896, 1152, 1408, 19280, 35616 - 1, 65536] {
            try withFile(padded(length)) { path in
                let source = try WeightsFile.open(path: path, name: "weights")
                #expect(source.tensors.map(\.name) == ["t"], "\(length)")
                #expect(WeightsFile.name(ofBare: path) == "model.safetensors")
            }
        }
        for stranger in [Array("PK\u{3}\u{4}{".utf8) + [0, 0, 0, 0], [0x80, 2, 0, 0, 0, 0, 0, 0, UInt8(ascii: "{")]] {
            #expect(!WeightsFile.isSafeTensors(stranger, fileSize: 100))
        }
    }

    @Test func whatCannotBeReadIsRefusedByName() throws {
        let reader = try SafeTensorsReader(path: GoldenFile.url("safetensors_formats.safetensors").path)
        #expect(throws: SafeTensorsError.tensor(name: "int64", trouble: "holds int64, expected floating point")) {
            try values(reader, "int64", count: 6)
        }
        #expect(throws: SafeTensorsError.self) { try values(reader, "matrix", count: 13) }
        #expect(throws: SafeTensorsError.self) { try values(reader, "matrix", from: 12, count: 1) }
        #expect(throws: SafeTensorsError.self) { try values(reader, "matrix", from: -1, count: 1) }
        #expect(throws: SafeTensorsError.tensor(name: "absent", trouble: "not in the file")) { try values(reader, "absent", count: 1) }
    }

    @Test(arguments: [ScalarType.float32, .float16, .bfloat16])
    func whatIsWrittenIsRoundedAsPyTorchRounds(type: ScalarType) throws {
        let golden = try GoldenFile.decode("safetensors_formats.json", as: Golden.self)
        let numbers = golden.float32.map { Float(bitPattern: $0) }
        let expected: [Float] =
            switch type {
            case .float16: golden.float16.map { Float(Float16(bitPattern: $0)) }
            case .bfloat16: golden.bfloat16.map { Float(bitPattern: UInt32($0) << 16) }
            default: numbers
            }
        let writer = try SafeTensorsWriter(
            [.init(name: "second.weight", shape: [4, 16]), .init(name: "first \"é\\", shape: []), .init(name: "none", shape: [0])],
            type: type)
        try withFile(Data()) { path in
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try writer.write(to: { handle.write(Data($0)) }) { index, write in
                let piece = [numbers, [.nan], []][index]
                // In two pieces, to show that that is the caller's choice.
                try piece.withUnsafeBufferPointer { piece in
                    try write(UnsafeBufferPointer(rebasing: piece[..<(piece.count / 2)]))
                    try write(UnsafeBufferPointer(rebasing: piece[(piece.count / 2)...]))
                }
            }
            try handle.close()
            let bytes = try Data(contentsOf: URL(filePath: path))
            #expect(bytes.count == writer.size)
            #expect(bytes[0] % 8 == 0)
            let reader = try SafeTensorsReader(path: path)
            #expect(reader.tensors.map(\.name) == ["second.weight", "first \"é\\", "none"])
            #expect(reader.tensors.allSatisfy { $0.type == type })
            #expect(reader.metadata == ["format": "pt"])
            #expect(try values(reader, "second.weight", count: 64) == expected)
            #expect(try values(reader, "first \"é\\", count: 1)[0].isNaN)
        }
    }

    @Test func tensorsOfManyChunksSurvive() throws {
        var generator = TorchGenerator(seed: 0)
        let numbers = generator.rand(200_001)
        let writer = try SafeTensorsWriter([.init(name: "a", shape: [200_001])], type: .bfloat16)
        try withFile(Data()) { path in
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try writer.write(to: { handle.write(Data($0)) }) { _, write in try numbers.withUnsafeBufferPointer { try write($0) } }
            try handle.close()
            let read = try values(SafeTensorsReader(path: path), "a", count: 200_001)
            #expect(largestDifference(read, numbers) <= 0.002)
        }
    }

    @Test func aTensorWithTheWrongNumberOfNumbersIsNotWritten() throws {
        let writer = try SafeTensorsWriter([.init(name: "a", shape: [2])], type: .float32)
        try withFile(Data()) { path in
            let handle = try #require(FileHandle(forWritingAtPath: path))
            let one: [Float] = [1]
            #expect(throws: SafeTensorsError.self) {
                try writer.write(to: { handle.write(Data($0)) }) { _, write in try one.withUnsafeBufferPointer { try write($0) } }
            }
        }
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "a"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 12, nil),
        (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "a"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "a"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "a"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, "a"),
        (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "a"),
        (#"{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}"#, 8, "a"),
        (#"{"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}"#, 8, "a"),
        (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, 8, "a"),
        (#"{"a":7}"#, 0, "a"),
        (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, "a"),
        (#"{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}"#, 0, "a"),
        (#"{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,0]}}"#, 0, "a"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "b"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#, 16, "b"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, nil),
        (#"{"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, ""),
        (#"{"__metadata__":{"a":1}}"#, 0, nil),
        (#"[]"#, 0, nil),
        (#"{"a":"#, 0, nil),
        ("", 0, nil),
    ])
    func aHeaderThatDoesNotAddUpIsRefused(header: String, data: Int, blamed: String?) throws {
        try withFile(file(header: header, data: data)) { path in
            do {
                _ = try SafeTensorsReader(path: path)
                Issue.record("\(header) was accepted")
            } catch let error as SafeTensorsError {
                if case .tensor(let name, _) = error { #expect(name == blamed) } else { #expect(blamed == nil) }
            }
        }
    }

    @Test func aHeaderMayBePaddedAndUnaligned() throws {
        let header =
            "  {\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"c\":{\"dtype\":\"F32\",\"shape\":[0,9],\"data_offsets\":[1,1]}} "
        try withFile(file(header: header, data: 1)) { path in
            let reader = try SafeTensorsReader(path: path)
            #expect(reader.tensors.map(\.name) == ["b", "c"])
        }
    }

    @Test func shortFilesAndAbsurdLengthsAreRefused() throws {
        for bytes in [Data(), Data(count: 7), Data([255, 255, 255, 255, 255, 255, 255, 255]), Data([200, 0, 0, 0, 0, 0, 0, 0, 123, 125])] {
            try withFile(bytes) { path in
                #expect(throws: SafeTensorsError.self) { try SafeTensorsReader(path: path) }
            }
        }
        #expect(throws: SafeTensorsError.self) { try SafeTensorsReader(path: "/nonexistent") }
        let published = try Data(contentsOf: GoldenFile.url("safetensors_formats.safetensors"))
        for length in stride(from: 0, to: published.count, by: 97) {
            try withFile(published.prefix(length)) { path in
                #expect(throws: SafeTensorsError.self) { try SafeTensorsReader(path: path) }
            }
        }
    }
}
