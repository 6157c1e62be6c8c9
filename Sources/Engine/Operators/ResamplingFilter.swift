/// A separable filter by which maps are halved, and doubled by its transpose. Every channel is filtered alike.
///
/// Halving: y[i] = Σ_k f[k] · x[2i + k - p] in both directions, with zeros around the map and p what centres the taps.
/// Doubling is the transpose times 4: y[j] = 2 · Σ_m f[j - 2m + p] · x[m].
package enum ResamplingFilter: Sendable, CaseIterable {
    /// The mean of 2 × 2 pixels (`F.avg_pool2d(2)`), and each pixel four times (`F.interpolate(scale_factor=2, mode="nearest")`).
    case box
    /// (1, 3, 3, 1) / 8 (diffusers' `FirDownsample2D` and `FirUpsample2D`: `upfirdn2d` of StyleGAN2, arXiv 1912.04958).
    case binomial

    /// f, whose sum is 1.
    var taps: [Float] {
        switch self {
        case .box: [0.5, 0.5]
        case .binomial: [0.125, 0.375, 0.375, 0.125]
        }
    }

    /// p: how far the first tap lies before the pair of pixels.
    var reach: Int { taps.count / 2 - 1 }

    /// `small` from `large`, a map of twice its height and width; added to what is there where `accumulating`.
    ///
    /// - Parameters:
    ///   - gain: what the taps of each direction are multiplied by.
    ///   - shape: one sample of `small`.
    func halve(
        _ large: UnsafePointer<Float>, into small: UnsafeMutablePointer<Float>, shape: Shape, batch: Int, gain: Float, accumulating: Bool,
        _ parallel: Parallel
    ) {
        let (taps, reach) = (taps.map { $0 * gain }, reach)
        let (height, width, channels) = (shape.height, shape.width, shape.channels)
        parallel.ranges(batch * height, grain: 4) { rows in
            for row in rows {
                let image = large + row / height * (4 * shape.count)
                for column in 0..<width {
                    let to = small + (row * width + column) * channels
                    if !accumulating { to.update(repeating: 0, count: channels) }
                    for (k, vertical) in taps.enumerated() {
                        let y = 2 * (row % height) + k - reach
                        guard y >= 0, y < 2 * height else { continue }
                        for (l, horizontal) in taps.enumerated() {
                            let x = 2 * column + l - reach
                            guard x >= 0, x < 2 * width else { continue }
                            Self.add(channels, image + (y * 2 * width + x) * channels, times: vertical * horizontal, to: to)
                        }
                    }
                }
            }
        }
    }

    /// `large` from `small`, a map of half its height and width; added to what is there where `accumulating`.
    ///
    /// - Parameters:
    ///   - gain: what the taps of each direction are multiplied by.
    ///   - shape: one sample of `small`.
    func double(
        _ small: UnsafePointer<Float>, into large: UnsafeMutablePointer<Float>, shape: Shape, batch: Int, gain: Float, accumulating: Bool,
        _ parallel: Parallel
    ) {
        let (taps, reach) = (taps.map { $0 * gain }, reach)
        let (height, width, channels) = (shape.height, shape.width, shape.channels)
        parallel.ranges(batch * 2 * height, grain: 4) { rows in
            for row in rows {
                let image = small + row / (2 * height) * shape.count
                let y = row % (2 * height)
                for x in 0..<(2 * width) {
                    let to = large + (row * 2 * width + x) * channels
                    if !accumulating { to.update(repeating: 0, count: channels) }
                    // The taps of one parity meet the pixel.
                    for k in stride(from: (y + reach) % 2, to: taps.count, by: 2) {
                        let from = (y + reach - k) / 2
                        guard y + reach - k >= 0, from < height else { continue }
                        for l in stride(from: (x + reach) % 2, to: taps.count, by: 2) {
                            let column = (x + reach - l) / 2
                            guard x + reach - l >= 0, column < width else { continue }
                            Self.add(channels, image + (from * width + column) * channels, times: taps[k] * taps[l], to: to)
                        }
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func add(_ count: Int, _ source: UnsafePointer<Float>, times weight: Float, to target: UnsafeMutablePointer<Float>) {
        Elementwise.map(count, source, target, into: target) { $1 + $0 * weight }
    }
}

/// Its ONNX forms.
extension ResamplingFilter {
    /// How Resize finds the nearest pixel to the left and above, as PyTorch does.
    static let nearest: KeyValuePairs<String, OnnxAttribute> = [
        "mode": .text("nearest"), "coordinate_transformation_mode": .text("asymmetric"), "nearest_mode": .text("floor"),
    ]

    /// Appends what halves a map's height and width.
    func halved(_ map: String, channels: Int, in graph: inout OnnxGraph) -> String {
        switch self {
        case .box: graph.add("AveragePool", [map], ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
        case .binomial: filtered("Conv", map, channels: channels, gain: 1, in: &graph)
        }
    }

    /// Appends what doubles them.
    func doubled(_ map: String, channels: Int, in graph: inout OnnxGraph) -> String {
        switch self {
        case .box: graph.add("Resize", [map, "", graph.constant([1, 1, 2, 2], [4])], Self.nearest)
        case .binomial: filtered("ConvTranspose", map, channels: channels, gain: 2, in: &graph)
        }
    }

    /// The same taps for every channel.
    private func filtered(_ type: String, _ map: String, channels: Int, gain: Float, in graph: inout OnnxGraph) -> String {
        let taps = taps.map { $0 * gain }
        let kernel = graph.constant(taps.flatMap { vertical in taps.map { vertical * $0 } }, [1, 1, taps.count, taps.count])
        let kernels = graph.once("\(channels) of \(kernel)") { $0.add("Expand", [kernel, $0.constant([channels, 1, 1, 1])]) }
        return graph.add(
            type, [map, kernels],
            [
                "kernel_shape": .integers([taps.count, taps.count]), "strides": .integers([2, 2]),
                "pads": .integers([Int](repeating: reach, count: 4)), "group": .integer(channels),
            ])
    }
}
