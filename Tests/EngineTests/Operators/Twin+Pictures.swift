import Engine
import Foundation

/// Twins of what resamples maps, and of what stands at the ends of a network.
extension Twin {
    /// diffusers' `upfirdn2d_native` with one row of taps for both directions: zeros between the numbers, zeros around them, the filter,
    /// every `down`-th number.
    static func filtered(_ taps: [Double], up: Int = 1, down: Int = 1, before: Int, after: Int) -> Twin {
        Twin { inputs, _ in
            let x = inputs[0]
            func along(_ line: [Double]) -> [Double] {
                var padded = [Double](repeating: 0, count: before)
                for number in line { padded += [number] + [Double](repeating: 0, count: up - 1) }
                padded += [Double](repeating: 0, count: after)
                return stride(from: 0, through: padded.count - taps.count, by: down).map { start in
                    taps.indices.reduce(0) { $0 + padded[start + $1] * taps[taps.count - 1 - $1] }
                }
            }
            let (height, width, channels) = (x.shape.height, x.shape.width, x.shape.channels)
            let (newHeight, newWidth) = (
                along([Double](repeating: 0, count: height)).count, along([Double](repeating: 0, count: width)).count
            )
            var y = Samples(batch: x.batch, shape: Shape(height: newHeight, width: newWidth, channels: channels))
            for image in 0..<x.batch {
                for channel in 0..<channels {
                    let rows = (0..<height).map { row in along((0..<width).map { x.values[x.start(image, row * width + $0) + channel] }) }
                    for column in 0..<newWidth {
                        for (row, value) in along(rows.map { $0[column] }).enumerated() {
                            y.values[y.start(image, row * newWidth + column) + channel] = value
                        }
                    }
                }
            }
            return y
        }
    }

    /// `F.avg_pool2d(2)`, and diffusers' `downsample_2d` with (1, 3, 3, 1).
    static func downsample(_ filter: ResamplingFilter) -> Twin {
        switch filter {
        case .box: filtered([0.5, 0.5], down: 2, before: 0, after: 0)
        case .binomial: filtered([0.125, 0.375, 0.375, 0.125], down: 2, before: 1, after: 1)
        }
    }

    /// `F.interpolate(scale_factor=2, mode="nearest")`, and diffusers' `upsample_2d` with (1, 3, 3, 1).
    static func upsample(_ filter: ResamplingFilter) -> Twin {
        switch filter {
        case .box: upsample
        case .binomial: filtered([0.25, 0.75, 0.75, 0.25], up: 2, before: 2, after: 1)
        }
    }

    /// A map over a number.
    static let quotient = Twin { inputs, _ in
        let (x, divisor) = (inputs[0], inputs[1])
        return Samples(
            batch: x.batch, shape: x.shape, values: x.values.enumerated().map { $1 / divisor.values[$0 / x.shape.count] })
    }

    /// `GaussianFourierProjection`.
    static let fourierEmbedding = Twin { inputs, parameters in
        let frequencies = parameters[0].values
        let angles = inputs[0].values.map { level in frequencies.map { 2 * Double.pi * $0 * log(level) } }
        return Samples(
            batch: inputs[0].batch, shape: .vector(2 * frequencies.count), values: angles.flatMap { $0.map(sin) + $0.map(cos) })
    }

    /// What ends diffusers' `SpatialNorm`, its second and third input enlarged by nearest neighbours.
    static let spatialModulation = Twin { inputs, _ in
        var y = inputs[0]
        let (map, small) = (y.shape, inputs[1].shape)
        for image in 0..<y.batch {
            for pixel in 0..<map.pixels {
                let (row, column) = (pixel / map.width * small.height / map.height, pixel % map.width * small.width / map.width)
                let (start, cell) = (y.start(image, pixel), inputs[1].start(image, row * small.width + column))
                for channel in 0..<map.channels {
                    y.values[start + channel] =
                        y.values[start + channel] * inputs[1].values[cell + channel] + inputs[2].values[cell + channel]
                }
            }
        }
        return y
    }
}
