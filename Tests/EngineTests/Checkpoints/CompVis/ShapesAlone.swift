import Documents
import Engine
import Foundation
import Testing

/// A safetensors file of tensors by their shapes: its numbers, of which some may be given, are a hole in the disk.
struct ShapesAlone {
    var shapes: [String: [Int]]
    var numbers: [String: [Float]] = [:]

    init(_ shapes: [String: [Int]]) { self.shapes = shapes }

    /// The file with some tensors of other shapes; nil takes one out.
    func changed(_ changes: [String: [Int]?]) -> ShapesAlone {
        var copy = self
        for (name, shape) in changes { copy.shapes[name] = shape }
        return copy
    }

    /// Opens it. Its name is gone by then.
    func opened() throws -> SafeTensorsReader {
        var members: [JSON.Member] = []
        var offsets: [String: Int] = [:]
        var end = 0
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            offsets[name] = end
            let size = 4 * shape.reduce(1, *)
            members.append(
                .init(name, ["dtype": "F32", "shape": .integers(shape), "data_offsets": .integers([end, end + size])]))
            end += size
        }
        let header = Data(JSON.object(members).compact.utf8)
        let url = FileManager.default.temporaryDirectory.appending(path: "shapes-\(UUID().uuidString)")
        try (withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: UInt64(8 + header.count + end))
        for (name, values) in numbers {
            try file.seek(toOffset: UInt64(8 + header.count + (offsets[name] ?? 0)))
            try file.write(contentsOf: values.withUnsafeBytes { Data($0) })
        }
        try file.close()
        return try SafeTensorsReader(path: url.path)
    }

    /// A network that was published, of Fixtures/compvis/shapes.json, which make_compvis_golden.py made.
    struct Published {
        let source: ShapesAlone
        let yaml: JSON
        /// Of the U-Net.
        let parameters: Int

        init(_ name: String) throws {
            let document = try JSON(parsing: Golden.data("compvis/shapes.json"), maximumValues: 100_000)
            let entry = try #require(document[name])
            guard case .object(let members)? = entry["tensors"] else { throw GraphError.missingTensor(name) }
            var shapes: [String: [Int]] = [:]
            for member in members {
                guard case .array(let sides) = member.value else { continue }
                shapes[member.name] = sides.compactMap(\.integer)
            }
            source = ShapesAlone(shapes)
            yaml = try #require(entry["yaml"])
            parameters = try #require(entry["parameters"]?.integer)
        }
    }
}
