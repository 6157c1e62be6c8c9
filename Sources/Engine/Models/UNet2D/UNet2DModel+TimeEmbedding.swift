extension UNet2DModel {
    /// The layers that read what `time_proj` makes of a timestep, or of a class given as a number.
    private func timeReaders(_ weights: Weights) -> [(name: String, rows: Int, values: [Float])] {
        ["time_embedding.linear_1.weight", "class_embedding.linear_1.weight"].compactMap { name in
            weights.index(of: name).map { (name, weights.parameters[$0].shape[0], weights.torchOrder($0)) }
        }
    }

    /// A table of `width` numbers per timestep and the first layers' weights whose products are the rank-`width` truncated singular
    /// value decomposition of what the sinusoid (or an earlier table) and those layers make of every timestep.
    ///
    /// The frequencies of a sinusoid depend on its width, so cutting its channels would make another function of it. The singular
    /// values fall so fast that the truncation is below float32's rounding. The table's columns are given the root mean square of
    /// a sine, so that the factors are as large as what they replace and train alike.
    func refitTimeTable(_ weights: Weights, steps: Int, width: Int) throws(MatrixError) -> [String: [Float]] {
        let channels = configuration.blockOutChannels[0]
        var table = [Float](repeating: 0, count: steps * channels)
        if let index = weights.index(of: "time_proj.weight") {
            table = weights.torchOrder(index)
        } else {
            let sinusoid = TimestepEmbedding(
                channels: channels, flipSinToCos: configuration.flipSinToCos, frequencyShift: configuration.freqShift)
            table.withUnsafeMutableBufferPointer { table in
                guard let base = table.baseAddress else { return }
                for step in 0..<steps { sinusoid.embed(Float(step), into: base + step * channels) }
            }
        }
        let readers = timeReaders(weights)
        let hidden = readers.reduce(0) { $0 + $1.rows }
        let weight = readers.flatMap(\.values)
        var product = [Double](repeating: 0, count: steps * hidden)
        for step in 0..<steps {
            for row in 0..<hidden {
                var sum = 0.0
                for channel in 0..<channels { sum += Double(table[step * channels + channel]) * Double(weight[row * channels + channel]) }
                product[step * hidden + row] = sum
            }
        }
        let (u, s, vt) = try Matrix.singularValueDecomposition(product, rows: steps, columns: hidden)
        let rank = s.count
        let scale = (Double(steps) / 2).squareRoot()
        var newTable = [Float](repeating: 0, count: steps * width)
        var newWeight = [Float](repeating: 0, count: hidden * width)
        for k in 0..<min(width, rank) {
            for step in 0..<steps { newTable[step * width + k] = Float(u[step * rank + k] * scale) }
            for row in 0..<hidden { newWeight[row * width + k] = Float(s[k] * vt[k * hidden + row] / scale) }
        }
        var refitted = ["time_proj.weight": newTable]
        var first = 0
        for reader in readers {
            refitted[reader.name] = Array(newWeight[(first * width)..<((first + reader.rows) * width)])
            first += reader.rows
        }
        return refitted
    }

    /// Those `count` random frequencies whose sines and cosines weigh most in the layers that read them, and these layers without the
    /// others: a noise level is no whole number, so there is no table that could stand for it.
    func strongestFrequencies(_ weights: Weights, count: Int) -> [String: [Float]] {
        guard let index = weights.index(of: "time_proj.weight") else { return [:] }
        let frequencies = weights.torchOrder(index)
        let all = frequencies.count
        let readers = timeReaders(weights)
        var sums = [Double](repeating: 0, count: all)
        for reader in readers {
            for (place, value) in reader.values.enumerated() { sums[place % all] += Double(value) * Double(value) }
        }
        let kept = sums.indices.sorted { (sums[$0], $0) > (sums[$1], $1) }.prefix(count).sorted()
        var result = ["time_proj.weight": kept.map { frequencies[$0] }]
        for reader in readers {
            result[reader.name] = (0..<reader.rows).flatMap { row in
                [0, all].flatMap { half in kept.map { reader.values[row * 2 * all + half + $0] } }
            }
        }
        return result
    }
}
