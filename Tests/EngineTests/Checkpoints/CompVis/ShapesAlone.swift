import Documents
import Engine
import Foundation
import Testing

/// A file's tensors without their numbers, which are zeros where nobody says others.
struct ShapesAlone: TensorSource {
    var tensors: [TensorEntry]
    var numbers: [String: [Float]] = [:]
    var notes: [String] { [] }

    init(_ shapes: [String: [Int]]) {
        tensors = shapes.sorted { $0.key < $1.key }.map { name, shape in
            let type: ScalarType = name.hasSuffix("position_ids") ? .int64 : .float32
            return TensorEntry(name: name, type: type, shape: shape, count: shape.reduce(1, *))
        }
    }

    func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
        let known = numbers[name]
        for index in destination.indices { destination[index] = known?[index] ?? 0 }
    }

    func stream(_ name: String, _ take: (UnsafeBufferPointer<Float>) throws -> Void) throws {
        var values = [Float](repeating: 0, count: tensors.first { $0.name == name }?.count ?? 0)
        try values.withUnsafeMutableBufferPointer { try read(name, into: $0) }
        try values.withUnsafeBufferPointer(take)
    }

    /// The file with some tensors of other shapes; nil takes one out.
    func changed(_ changes: [String: [Int]?]) -> ShapesAlone {
        var shapes = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.shape) })
        for (name, shape) in changes { shapes[name] = shape }
        var copy = ShapesAlone(shapes)
        copy.numbers = numbers
        return copy
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
