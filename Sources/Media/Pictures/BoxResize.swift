/// Pillow's `Image.resize(size, Image.Resampling.BOX)`, bit for bit (Pillow, src/libImaging/Resample.c).
package enum BoxResize {
    /// Fixed-point weights, so that 8 bits of a sample and two of headroom fit 32 bits.
    private static let precisionBits = 32 - 8 - 2

    /// Where an output pixel's weights begin among the inputs, and its weights.
    private struct Window {
        let first: Int
        let weights: [Int32]
    }

    /// `picture` as `width` × `height` pixels: rows first, rounded to 8 bits, then columns.
    package static func resize(_ picture: Picture, width: Int, height: Int) -> Picture {
        var pixels = picture.pixels
        if width != picture.width {
            pixels = resample(
                pixels, lines: picture.height, lineStride: picture.width * picture.channels, step: picture.channels,
                inner: picture.channels,
                windows: windows(from: picture.width, to: width), outLineStride: width * picture.channels)
        }
        if height != picture.height {
            // One "line" whose elements are whole rows.
            let row = width * picture.channels
            pixels = resample(
                pixels, lines: 1, lineStride: 0, step: row, inner: row, windows: windows(from: picture.height, to: height), outLineStride: 0
            )
        }
        return Picture(width: width, height: height, channels: picture.channels, pixels: pixels)
    }

    /// `precompute_coeffs` and `normalize_coeffs_8bpc` for the box filter: 1 on (-0.5, 0.5], widened by the scale when shrinking.
    private static func windows(from inSize: Int, to outSize: Int) -> [Window] {
        let scale = Double(inSize) / Double(outSize)
        let filterScale = max(scale, 1)
        let support = 0.5 * filterScale
        let inverse = 1 / filterScale
        return (0..<outSize).map { out in
            let center = (Double(out) + 0.5) * scale
            let first = max(0, Int(center - support + 0.5))
            let last = min(inSize, Int(center + support + 0.5))
            var weights = (first..<last).map { input -> Double in
                let distance = (Double(input - first) + Double(first) - center + 0.5) * inverse
                return distance > -0.5 && distance <= 0.5 ? 1 : 0
            }
            let sum = weights.reduce(0, +)
            if sum != 0 { weights = weights.map { $0 / sum } }
            return Window(first: first, weights: weights.map { Int32($0 * Double(1 << precisionBits) + 0.5) })
        }
    }

    /// Every output is the weighted sum of `inner` neighbouring samples, `step` apart along the line.
    private static func resample(
        _ input: [UInt8], lines: Int, lineStride: Int, step: Int, inner: Int, windows: [Window], outLineStride: Int
    ) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: lines * windows.count * inner)
        var sums = [Int32](repeating: 0, count: inner)
        for line in 0..<lines {
            for (out, window) in windows.enumerated() {
                for index in 0..<inner { sums[index] = 1 << Int32(precisionBits - 1) }
                for (offset, weight) in window.weights.enumerated() {
                    let start = line * lineStride + (window.first + offset) * step
                    for index in 0..<inner { sums[index] += Int32(input[start + index]) * weight }
                }
                let start = line * outLineStride + out * inner
                for index in 0..<inner { output[start + index] = UInt8(max(0, min(255, sums[index] >> Int32(precisionBits)))) }
            }
        }
        return output
    }
}
