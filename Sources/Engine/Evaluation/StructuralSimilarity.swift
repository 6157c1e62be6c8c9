import Foundation

/// The structural similarity index (Wang et al. 2004) as `pytorch_msssim.ssim` computes it: an 11×11 Gaussian window of σ 1.5,
/// no padding, data range 1, K = (0.01, 0.03), the mean over window positions and then over channels.
public enum StructuralSimilarity {
    private static let window = 11

    /// One value per pair of pictures, 1 for equal ones; nil when a side is below 11 pixels or the shapes differ.
    public static func perSample(_ first: Pictures, _ second: Pictures) -> [Double]? {
        guard first.height >= window, first.width >= window, first.channels > 0,
            [first.count, first.channels, first.height, first.width] == [second.count, second.channels, second.height, second.width]
        else { return nil }
        let pixels = first.height * first.width
        return (0..<first.count).map { sample in
            let channels = (0..<first.channels).map { channel in
                let start = (sample * first.channels + channel) * pixels
                return plane(
                    first.bytes[start..<start + pixels].map { Double($0) / 255 },
                    second.bytes[start..<start + pixels].map { Double($0) / 255 },
                    height: first.height, width: first.width)
            }
            return channels.reduce(0, +) / Double(channels.count)
        }
    }

    private static let gaussian: [Double] = {
        let weights = (0..<window).map { exp(-pow(Double($0 - window / 2), 2) / (2 * 1.5 * 1.5)) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }()

    private static func plane(_ x: [Double], _ y: [Double], height: Int, width: Int) -> Double {
        let c1 = 0.01 * 0.01
        let c2 = 0.03 * 0.03
        let meanX = blurred(x, height: height, width: width)
        let meanY = blurred(y, height: height, width: width)
        let squareX = blurred(zip(x, x).map(*), height: height, width: width)
        let squareY = blurred(zip(y, y).map(*), height: height, width: width)
        let product = blurred(zip(x, y).map(*), height: height, width: width)
        var sum = 0.0
        for index in meanX.indices {
            let (x, y) = (meanX[index], meanY[index])
            let structure = (2 * (product[index] - x * y) + c2) / (squareX[index] - x * x + squareY[index] - y * y + c2)
            sum += (2 * x * y + c1) / (x * x + y * y + c1) * structure
        }
        return sum / Double(meanX.count)
    }

    /// The Gaussian window over rows and then columns, only where it fits: (height - 10) × (width - 10).
    private static func blurred(_ plane: [Double], height: Int, width: Int) -> [Double] {
        let shortWidth = width - window + 1
        let shortHeight = height - window + 1
        var rows = [Double](repeating: 0, count: height * shortWidth)
        for row in 0..<height {
            for column in 0..<shortWidth {
                var sum = 0.0
                for tap in 0..<window { sum += gaussian[tap] * plane[row * width + column + tap] }
                rows[row * shortWidth + column] = sum
            }
        }
        var result = [Double](repeating: 0, count: shortHeight * shortWidth)
        for row in 0..<shortHeight {
            for column in 0..<shortWidth {
                var sum = 0.0
                for tap in 0..<window { sum += gaussian[tap] * rows[(row + tap) * shortWidth + column] }
                result[row * shortWidth + column] = sum
            }
        }
        return result
    }
}
