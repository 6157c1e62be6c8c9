import Documents
import Foundation

/// The `config.json` of a ``DCGANGenerator``, checked: its modules in order, each with the arguments that it has in `torch.nn`.
public struct GeneratorConfiguration: Sendable, Equatable {
    /// The modules.
    package let layers: [GeneratorLayer]
    /// What was ignored.
    public let warnings: [Warning]
    private let document: JSON

    private static let mostLayers = 128
    /// A side of a map.
    private static let largestSide = 4096

    /// Parses and checks.
    ///
    /// - Throws: ``ConfigurationError`` naming the key and its value.
    public init(json: Data) throws(ConfigurationError) {
        var reader = try ConfigurationReader(json: json)
        _ = reader.value("_class_name")
        guard let value = reader.value("layers") else { throw .missing(key: "layers", expected: "a list of modules") }
        guard case .array(let entries) = value, (1...Self.mostLayers).contains(entries.count) else {
            throw reader.invalid("layers", expected: "a list of 1 to \(Self.mostLayers) modules", found: value)
        }
        var layers: [GeneratorLayer] = []
        for (index, entry) in entries.enumerated() {
            do throws(ConfigurationError) { layers.append(try GeneratorLayer(entry)) } catch { throw error.under("layers[\(index)]") }
        }
        (self.layers, document, warnings) = (layers, reader.document, reader.unknownKeyWarnings())
        try check()
    }

    /// The modules in a new configuration.
    static func json(_ layers: [GeneratorLayer]) -> JSON {
        ["_class_name": .string(DCGANGenerator.className), "layers": .array(layers.map(\.json))]
    }

    /// The configuration of the same modules, as wide as these tensors are.
    func json(of shapes: [String: [Int]]) -> Data {
        Data(document.replacing(["layers": .array(layers.map { $0.narrowed(to: shapes).json })]).pretty.utf8)
    }

    /// As it was read.
    var json: Data { Data(document.pretty.utf8) }

    /// The noise that goes in.
    ///
    /// - Throws: ``ConfigurationError`` where nothing takes any.
    func noise() throws(ConfigurationError) -> Shape {
        switch layers[0] {
        case .linear(_, let features, _, _): return .vector(features)
        case .transposed(_, let channels, _, _, _): return .vector(channels)
        case .unflatten, .norm, .rectifier, .tanh:
            throw .invalid(
                key: "layers[0].type", expected: "\"Linear\" or \"ConvTranspose2d\", which take noise", found: layers[0].json.compact)
        }
    }

    /// Refuses two modules of one name, and maps and work beyond all that there are: the engine's arithmetic is not checked.
    private func check() throws(ConfigurationError) {
        var shape = try noise()
        var names: Set<String> = []
        for (index, layer) in layers.enumerated() {
            let key = "layers[\(index)]"
            if let name = layer.name, !names.insert(name).inserted {
                throw .invalid(key: "\(key).name", expected: "a name that no other module has", found: "\"\(name)\"")
            }
            switch layer {
            case .linear(_, _, let features, _): shape = .vector(features)
            case .unflatten(let channels, let height, let width):
                guard height <= Self.largestSide, width <= Self.largestSide, channels * height * width <= GeneratorLayer.mostFeatures else {
                    throw .invalid(key: key, expected: "at most \(GeneratorLayer.mostFeatures) numbers", found: layer.json.compact)
                }
                shape = Shape(height: height, width: width, channels: channels)
            case .transposed(_, let inputs, let outputs, let window, _):
                let after = Shape(height: window.side(shape.height), width: window.side(shape.width), channels: outputs)
                guard (1...Self.largestSide).contains(after.height), (1...Self.largestSide).contains(after.width),
                    max(shape.pixels, after.pixels) <= ConfigurationLimits.work / (inputs * outputs * window.kernel * window.kernel)
                else {
                    throw .invalid(
                        key: key, expected: "maps with sides from 1 to \(Self.largestSide), and less work",
                        found: "\(after.height)×\(after.width) of \(inputs) and \(outputs) channels")
                }
                shape = after
            case .norm, .rectifier, .tanh: continue
            }
        }
    }
}

extension ConfigurationError {
    /// The same of a part of a configuration.
    fileprivate func under(_ part: String) -> ConfigurationError {
        switch self {
        case .notJSON(let trouble): .invalid(key: part, expected: "an object", found: trouble)
        case .missing(let key, let expected): .missing(key: "\(part).\(key)", expected: expected)
        case .invalid(let key, let expected, let found): .invalid(key: "\(part).\(key)", expected: expected, found: found)
        }
    }
}
