import Documents

extension AutoencoderConfiguration {
    // MARK: Keys

    /// What is said of an `AsymmetricAutoencoderKL`.
    static let maskNote = Warning(
        .maskNotRun,
        "decoder.condition_encoder, which is for pictures of which a mask leaves something to be painted, is not run: it decodes as without a mask"
    )

    /// Channels of the encoder's and of the decoder's levels.
    static func widths(isAsymmetric: Bool, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> ([Int], [Int]) {
        func list(_ key: String, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> [Int] {
            try reader.list(
                key, maximumCount: ConfigurationLimits.levels, of: "a whole number from 1 to \(ConfigurationLimits.channels)", default: [64]
            ) { value in value.integer.flatMap { (1...ConfigurationLimits.channels).contains($0) ? $0 : nil } }
        }
        guard isAsymmetric else {
            let widths = try list("block_out_channels", &reader)
            return (widths, widths)
        }
        let (down, up) = (try list("down_block_out_channels", &reader), try list("up_block_out_channels", &reader))
        guard down.count == up.count else {
            throw .invalid(
                key: "up_block_out_channels", expected: "\(down.count) entries, as down_block_out_channels has",
                found: "a list of \(up.count)")
        }
        // The class notes it, as its decoder's.
        _ = try list("block_out_channels", &reader)
        return (down, up)
    }

    /// Residual blocks per block of the encoder, and what the decoder counts by.
    static func layers(isAsymmetric: Bool, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> (Int, Int) {
        func number(_ key: String, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> Int {
            try reader.integer(key, in: 1...ConfigurationLimits.layers, default: 1)
        }
        guard isAsymmetric else {
            let layers = try number("layers_per_block", &reader)
            return (layers, layers)
        }
        return (try number("layers_per_down_block", &reader), try number("layers_per_up_block", &reader))
    }

    /// Which of the blocks have attention.
    static func attention(
        _ key: String, _ plain: String, levels: Int, _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> [Bool] {
        let blocks = try reader.list(
            key, maximumCount: ConfigurationLimits.levels, of: "\"\(plain)\" or \"Attn\(plain)\"", default: [false]
        ) { value -> Bool? in
            switch value {
            case .string(plain): false
            case .string("Attn" + plain): true
            default: nil
            }
        }
        guard blocks.count == levels else {
            throw .invalid(key: key, expected: "\(levels) entries, as block_out_channels has", found: "a list of \(blocks.count)")
        }
        return blocks
    }

    /// The height and width of the pictures that it was trained on, as far as it says; diffusers' constructors say 32.
    static func sampleSize(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> (height: Int, width: Int) {
        guard let value = reader.value("sample_size") else { return (32, 32) }
        var sides = [value]
        if case .array(let values) = value { sides = values }
        guard (1...2).contains(sides.count), sides.allSatisfy({ $0.integer.map { (1...ConfigurationLimits.side).contains($0) } ?? false })
        else {
            throw reader.invalid(
                "sample_size", expected: "a whole number from 1 to \(ConfigurationLimits.side), or two of them", found: value)
        }
        let found = sides.compactMap(\.integer)
        return (found[0], found[found.count - 1])
    }

    /// As diffusers' pipelines scale: by `shift_factor`, or by a mean and a deviation of each channel where both are given.
    static func scaling(
        _ factor: Double, channels: Int, _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> LatentScaling {
        let shift = try optionalNumber("shift_factor", &reader)
        let means = try numbers("latents_mean", channels, in: -1e6...1e6, &reader)
        let deviations = try numbers("latents_std", channels, in: 1e-6...1e6, &reader)
        guard let means, let deviations else {
            for (key, other, found) in [("latents_mean", "latents_std", means), ("latents_std", "latents_mean", deviations)] {
                if let found { throw .invalid(key: key, expected: "null, as \(other) is", found: "a list of \(found.count)") }
            }
            return LatentScaling(channels: channels, shift: Float(shift ?? 0), factor: Float(factor))
        }
        if let shift { throw .invalid(key: "shift_factor", expected: "null, as there is a latents_mean", found: "\(shift)") }
        return LatentScaling(shifts: means.map { Float($0) }, factors: deviations.map { Float(factor / $0) })
    }

    private static func optionalNumber(_ key: String, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> Double? {
        guard reader.value(key) != nil else { return nil }
        return try reader.number(key, in: -1e6...1e6, default: 0)
    }

    /// A number for each channel; nil where there are none.
    private static func numbers(
        _ key: String, _ count: Int, in range: ClosedRange<Double>, _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> [Double]? {
        guard let value = reader.value(key) else { return nil }
        let numbers = try reader.list(
            key, maximumCount: ConfigurationLimits.channels, of: "a number from \(range.lowerBound) to \(range.upperBound)", default: []
        ) { $0.double.flatMap { range.contains($0) ? $0 : nil } }
        guard numbers.count == count else {
            throw reader.invalid(key, expected: "a list of \(count), as there are channels of latents", found: value)
        }
        return numbers
    }

    // MARK: What contradicts

    func checkNorms() throws(ConfigurationError) {
        let keys = isAsymmetric ? ["down_block_out_channels", "up_block_out_channels"] : ["block_out_channels"]
        for (key, widths) in zip(keys, [blockOutChannels, decoderBlockOutChannels]) { try checkNorms(key, widths) }
        if hasSpatialNorms, latentChannels != innerChannels {
            throw .invalid(
                key: "vq_embed_dim", expected: "latent_channels (\(innerChannels)), as norm_type is \"spatial\"",
                found: "\(latentChannels)")
        }
    }

    private func checkNorms(_ key: String, _ widths: [Int]) throws(ConfigurationError) {
        for (index, width) in widths.enumerated() {
            let key = "\(key)[\(index)]"
            if width % normGroups != 0 {
                throw .invalid(key: key, expected: "a multiple of norm_num_groups (\(normGroups))", found: "\(width)")
            }
            let groups = AutoencoderBuilder.spatialNormGroups
            if hasSpatialNorms, width % groups != 0 {
                throw .invalid(key: key, expected: "a multiple of \(groups), as norm_type is \"spatial\"", found: "\(width)")
            }
        }
    }

    /// Refuses pictures of a size that it cannot work on.
    ///
    /// - Throws: ``AutoencoderError/size(height:width:multiple:)``, ``AutoencoderError/tooLarge(height:width:)``.
    public func check(height: Int, width: Int) throws(AutoencoderError) {
        guard height > 0, width > 0, height % scaleFactor == 0, width % scaleFactor == 0 else {
            throw .size(height: height, width: width, multiple: scaleFactor)
        }
        guard height <= ConfigurationLimits.side, width <= ConfigurationLimits.side else { throw .tooLarge(height: height, width: width) }
        let blocks = (blockOutChannels + decoderBlockOutChannels).max() ?? 1
        let widest = max(blocks, inChannels, outChannels, momentChannels, 2 * innerChannels)
        let last = levels - 1
        let positions = (0..<levels).map { level in
            let attends = downAttention[level] || upAttention[last - level] || level == last && midBlockHasAttention
            return attends ? (height >> level) * (width >> level) : 0
        }
        guard height * width <= ConfigurationLimits.work / (widest * widest),
            positions.allSatisfy({ $0 <= ConfigurationLimits.attentionPositions })
        else {
            throw .tooLarge(height: height, width: width)
        }
    }
}
