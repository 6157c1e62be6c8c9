import Documents

extension GeneratorLayer {
    private static let types = ["Linear", "Unflatten", "ConvTranspose2d", "BatchNorm1d", "BatchNorm2d", "ReLU", "LeakyReLU", "Tanh"]

    /// Numbers of a vector that may become a map.
    static let mostFeatures = 1 << 20
    private static let largestKernel = 16

    /// Reads an entry of a `config.json`. Keys that its module does not have are refused.
    ///
    /// - Throws: ``ConfigurationError`` naming the key within the entry.
    init(_ document: JSON) throws(ConfigurationError) {
        var reader = try ConfigurationReader(document: document)
        let type = try reader.word("type", oneOf: Self.types, default: "")
        let limit = ConfigurationLimits.channels
        switch type {
        case "Linear":
            self = .linear(
                name: try Self.name(&reader), inFeatures: try Self.count("in_features", 1...limit, &reader),
                outFeatures: try Self.count("out_features", 1...Self.mostFeatures, &reader), hasBias: try reader.bool("bias", default: true)
            )
        case "Unflatten":
            self = .unflatten(
                channels: try Self.count("channels", 1...limit, &reader), height: try Self.count("height", 1...limit, &reader),
                width: try Self.count("width", 1...limit, &reader))
        case "ConvTranspose2d":
            let kernel = try Self.count("kernel_size", 1...Self.largestKernel, &reader)
            let stride = try reader.integer("stride", in: 1...Self.largestKernel, default: 1)
            let window = ConvTranspose2d.Window(
                kernel: kernel, stride: stride, padding: try reader.integer("padding", in: 0...(kernel - 1), default: 0),
                outputPadding: try reader.integer("output_padding", in: 0...(stride - 1), default: 0))
            self = .transposed(
                name: try Self.name(&reader), inChannels: try Self.count("in_channels", 1...limit, &reader),
                outChannels: try Self.count("out_channels", 1...limit, &reader), window, hasBias: try reader.bool("bias", default: true))
        case "BatchNorm1d", "BatchNorm2d":
            self = .norm(
                name: try Self.name(&reader), channels: try Self.count("num_features", 1...Self.mostFeatures, &reader),
                epsilon: try reader.number("eps", in: 1e-12...1, default: 1e-5), isOfVector: type == "BatchNorm1d")
        case "ReLU": self = .rectifier(slope: 0)
        case "LeakyReLU": self = .rectifier(slope: try reader.number("negative_slope", in: 0...1, default: 0.01))
        case "Tanh": self = .tanh
        default:
            throw .missing(key: "type", expected: Self.types.map { "\"\($0)\"" }.joined(separator: " or "))
        }
        guard case .object(let members) = document, let stranger = members.first(where: { !reader.known.contains($0.name) }) else { return }
        throw .invalid(
            key: String(stranger.name.prefix(100)), expected: "no such key of a \(type) (not supported)",
            found: ConfigurationReader.shown(stranger.value))
    }

    private static func count(
        _ key: String, _ range: ClosedRange<Int>, _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> Int {
        guard let number = try reader.integer(key, in: range) else {
            throw .missing(key: key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// What its tensors' names begin with, but for the last dot.
    private static func name(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> String {
        let expected = "what its tensors' names begin with, such as \"main.0\""
        guard let value = reader.value("name") else { throw .missing(key: "name", expected: expected) }
        guard case .string(let name) = value, (1...200).contains(name.utf8.count) else {
            throw reader.invalid("name", expected: expected, found: value)
        }
        return name
    }
}
