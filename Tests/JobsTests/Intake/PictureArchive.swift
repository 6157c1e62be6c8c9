import Documents
import Foundation
import Jobs
import Media
import Storage
import TestSupport

/// A store, and archives of tiny pictures for it.
struct PictureArchive {
    let folder: TemporaryFolder
    let database: Database

    init() throws {
        folder = try TemporaryFolder()
        database = try Database(folder: folder.url.appending(path: "store"))
    }

    /// Takes in an archive of pictures, one at each path, and of other files.
    func store(
        _ pictures: [String], _ files: [(String, [UInt8])] = [], _ choices: DatasetChoices = DatasetChoices(),
        memory: RequestMemory = .unlimited
    ) throws -> DatasetRecord {
        let items = try pictures.map { path in
            let shade = UInt8(truncatingIfNeeded: path.utf8.reduce(7) { $0 &* 31 &+ Int($1) })
            return ArchiveItem(
                path: path, bytes: try PNGEncoder.encode(Picture(width: 2, height: 2, channels: 1, pixels: [shade, 0, 1, 2])))
        }
        let url = folder.url.appending(path: "\(UUID().uuidString).tar")
        var data = Data()
        try ArchiveWriter(items + files.map { ArchiveItem(path: $0.0, bytes: $0.1) }).write(as: .tar) { data.append(contentsOf: $0) }
        try data.write(to: url)
        return try DatasetIntake(database: database, memory: memory).store(.file(path: url.path), name: "d", choices)
    }

    /// The same, with texts beside the pictures.
    func store(_ pictures: [String], texts: [(String, String)]) throws -> DatasetRecord {
        try store(pictures, texts.map { ($0.0, Array($0.1.utf8)) })
    }

    /// Why an archive is not taken in; empty when it is.
    func refusal(_ pictures: [String], _ files: [(String, [UInt8])], _ choices: DatasetChoices = DatasetChoices()) -> String {
        do {
            _ = try store(pictures, files, choices)
            return ""
        } catch {
            return "\(error)"
        }
    }

    /// A safetensors file of tensors with these numbers' bytes.
    static func safetensors(_ tensors: [(name: String, type: String, shape: [Int], bytes: [UInt8])]) -> [UInt8] {
        var begin = 0
        var members: [JSON.Member] = []
        for tensor in tensors {
            let end = begin + tensor.bytes.count
            members.append(
                .init(
                    tensor.name,
                    ["dtype": .string(tensor.type), "shape": .integers(tensor.shape), "data_offsets": .integers([begin, end])]))
            begin = end
        }
        let header = Array(JSON.object(members).compact.utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + tensors.flatMap(\.bytes)
    }

    /// A float32 tensor.
    static func tensor(_ name: String, _ shape: [Int], _ numbers: [Float]) -> (String, String, [Int], [UInt8]) {
        (name, "F32", shape, numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) } })
    }
}

extension DatasetRecord {
    /// The sentences of the API's warnings.
    func warnings() throws -> [String] {
        guard case .array(let warnings)? = try payload()["warnings"] else { return [] }
        return warnings.compactMap { if case .string(let text)? = $0["detail"] { text } else { nil } }
    }
}
