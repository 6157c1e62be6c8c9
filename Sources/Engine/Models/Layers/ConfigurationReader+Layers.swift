import Documents

/// Keys that the configurations of several families share.
extension ConfigurationReader {
    /// `sample_size`, a side or a height and a width, which every level but the last halves.
    mutating func sampleSize(levels: Int) throws(ConfigurationError) -> (height: Int, width: Int) {
        let key = "sample_size"
        let divisor = 1 << (levels - 1)
        let expected = "a multiple of \(divisor) up to \(ConfigurationLimits.side), or two of them"
        guard let value = value(key) else {
            throw .missing(key: key, expected: expected + ", here or beside the upload (?sample_size=64, --sample-size 64)")
        }
        var sides = [value, value]
        if case .array(let values) = value { sides = values }
        let sizes = sides.compactMap(\.integer).filter { (1...ConfigurationLimits.side).contains($0) && $0 % divisor == 0 }
        guard sizes.count == 2, sides.count == 2 else { throw invalid(key, expected: expected, found: value) }
        return (sizes[0], sizes[1])
    }

    /// The name of an activation, in whatever case; swish is another name of SiLU. Nil when absent or null.
    mutating func activation(_ key: String) throws(ConfigurationError) -> ActivationFunction? {
        guard let value = value(key) else { return nil }
        if case .string(let word) = value {
            if word.lowercased() == "swish" { return .silu }
            if let function = ActivationFunction.diffusers.first(where: { $0.rawValue == word.lowercased() }) { return function }
        }
        throw invalid(key, expected: "\"silu\", \"swish\", \"mish\", \"gelu\" or \"relu\"", found: value)
    }
}
