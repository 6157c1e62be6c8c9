import Engine
import Foundation

/// The slow plain twins of the operators: what a layer computes, by its definition, in double precision.
///
/// Parameters are in the checkpoint's order, so a twin also fixes how the engine lays out its weights.
struct Twin: Sendable {
    let compute: @Sendable (_ inputs: [Samples], _ parameters: [PlainTensor]) -> Samples

    func callAsFunction(_ inputs: [Samples], _ parameters: [PlainTensor] = []) -> Samples { compute(inputs, parameters) }

    /// `nn.Conv2d`; padding in the order top, left, bottom, right.
    static func conv2d(stride: Int, padding: [Int]) -> Twin {
        Twin { inputs, parameters in
            let (x, weight, bias) = (inputs[0], parameters[0], parameters[1])
            let (outChannels, inChannels) = (weight.shape[0], weight.shape[1])
            let (kernel, kernelWidth) = (weight.shape[2], weight.shape[3])
            let (height, width) = (x.shape.height, x.shape.width)
            let rows = Array(Swift.stride(from: -padding[0], through: height + padding[2] - kernel, by: stride))
            let columns = Array(Swift.stride(from: -padding[1], through: width + padding[3] - kernelWidth, by: stride))
            var y = Samples(batch: x.batch, shape: Shape(height: rows.count, width: columns.count, channels: outChannels))
            x.values.withUnsafeBufferPointer { x in
                weight.values.withUnsafeBufferPointer { weight in
                    var place = 0
                    for image in 0..<y.batch {
                        for row in rows {
                            for column in columns {
                                for out in 0..<outChannels {
                                    var sum = bias.values[out]
                                    for dy in 0..<kernel where (0..<height).contains(row + dy) {
                                        for dx in 0..<kernelWidth where (0..<width).contains(column + dx) {
                                            let pixel = ((image * height + row + dy) * width + column + dx) * inChannels
                                            let tap = out * inChannels * kernel * kernelWidth + dy * kernelWidth + dx
                                            for channel in 0..<inChannels {
                                                sum += x[pixel + channel] * weight[tap + channel * kernel * kernelWidth]
                                            }
                                        }
                                    }
                                    y.values[place] = sum
                                    place += 1
                                }
                            }
                        }
                    }
                }
            }
            return y
        }
    }

    /// `nn.Linear` of every pixel, with a bias or without.
    static let linear = Twin { inputs, parameters in
        let (x, weight) = (inputs[0], parameters[0])
        var y = Samples(batch: x.batch, shape: x.shape.with(channels: weight.shape[0]), values: [])
        for pixel in 0..<(x.batch * x.shape.pixels) {
            for row in 0..<weight.shape[0] {
                var sum = parameters.count > 1 ? parameters[1].values[row] : 0
                for column in 0..<weight.shape[1] {
                    sum += weight.values[row * weight.shape[1] + column] * x.values[pixel * x.shape.channels + column]
                }
                y.values.append(sum)
            }
        }
        return y
    }

    /// `nn.GroupNorm`.
    static func groupNorm(groups: Int, epsilon: Double) -> Twin {
        Twin { inputs, parameters in
            let x = inputs[0]
            var y = x
            let size = x.shape.channels / groups
            for image in 0..<x.batch {
                for group in 0..<groups {
                    let places = (0..<x.shape.pixels).flatMap { pixel in
                        (0..<size).map { x.start(image, pixel) + group * size + $0 }
                    }
                    let mean = places.reduce(0) { $0 + x.values[$1] } / Double(places.count)
                    let variance = places.reduce(0) { $0 + (x.values[$1] - mean) * (x.values[$1] - mean) } / Double(places.count)
                    for place in places {
                        let channel = place % x.shape.channels
                        y.values[place] =
                            (x.values[place] - mean) / (variance + epsilon).squareRoot() * parameters[0].values[channel]
                            + parameters[1].values[channel]
                    }
                }
            }
            return y
        }
    }

    /// `F.silu`.
    static let silu = activation(.silu)

    /// `F.silu`, `F.mish`, `F.gelu`, `F.relu`, `torch.tanh` and transformers' `quick_gelu`.
    static func activation(_ function: ActivationFunction) -> Twin {
        map { x in
            switch function {
            case .silu: x / (1 + exp(-x))
            case .mish: x * tanh(log1p(exp(x)))
            case .gelu: x * erfc(-x / 2.0.squareRoot()) / 2
            case .relu: max(x, 0)
            case .quickGELU: x / (1 + exp(-1.702 * x))
            case .tanh: tanh(x)
            }
        }
    }

    /// A function of each number.
    static func map(_ function: @escaping @Sendable (Double) -> Double) -> Twin {
        Twin { inputs, _ in Samples(batch: inputs[0].batch, shape: inputs[0].shape, values: inputs[0].values.map(function)) }
    }

    /// `F.interpolate(scale_factor=2, mode="nearest")`.
    static let upsample = Twin { inputs, _ in
        let x = inputs[0]
        let shape = Shape(height: 2 * x.shape.height, width: 2 * x.shape.width, channels: x.shape.channels)
        var y = Samples(batch: x.batch, shape: shape, values: [])
        for image in 0..<x.batch {
            for row in 0..<shape.height {
                for column in 0..<shape.width {
                    let start = x.start(image, row / 2 * x.shape.width + column / 2)
                    y.values += x.values[start..<(start + shape.channels)]
                }
            }
        }
        return y
    }

    /// `torch.cat(…, dim=1)`.
    static let concat = Twin { inputs, _ in
        let channels = inputs.map(\.shape.channels).reduce(0, +)
        var y = Samples(batch: inputs[0].batch, shape: inputs[0].shape.with(channels: channels), values: [])
        for image in 0..<y.batch {
            for pixel in 0..<y.shape.pixels {
                for x in inputs { y.values += x.values[x.start(image, pixel)..<(x.start(image, pixel) + x.shape.channels)] }
            }
        }
        return y
    }

    /// `x[:, :count]`.
    static func firstChannels(_ count: Int) -> Twin {
        Twin { inputs, _ in
            let x = inputs[0]
            var y = Samples(batch: x.batch, shape: x.shape.with(channels: count), values: [])
            for image in 0..<y.batch {
                for pixel in 0..<y.shape.pixels { y.values += x.values[x.start(image, pixel)..<(x.start(image, pixel) + count)] }
            }
            return y
        }
    }

    /// (a + b) · scale, with b a map or a vector.
    static func add(scale: Double) -> Twin {
        Twin { inputs, _ in
            let (a, b) = (inputs[0], inputs[1])
            var y = a
            for index in y.values.indices {
                let image = index / a.shape.count
                let other = b.shape == a.shape ? index : image * b.shape.count + index % a.shape.channels
                y.values[index] = (a.values[index] + b.values[other]) * scale
            }
            return y
        }
    }

    /// x · (1 + s) + b.
    static let scaleShift = Twin { inputs, _ in
        let (x, modulation) = (inputs[0], inputs[1])
        let channels = x.shape.channels
        var y = x
        for index in y.values.indices {
            let scale = index / x.shape.count * 2 * channels + index % channels
            y.values[index] = x.values[index] * (1 + modulation.values[scale]) + modulation.values[scale + channels]
        }
        return y
    }

    /// diffusers' `get_timestep_embedding`.
    static func timestepEmbedding(channels: Int, flipSinToCos: Bool, frequencyShift: Double) -> Twin {
        Twin { inputs, _ in
            let half = channels / 2
            var y = Samples(batch: inputs[0].batch, shape: .vector(channels), values: [])
            for timestep in inputs[0].values {
                let angles = (0..<half).map { timestep * pow(10000, -Double($0) / (Double(half) - frequencyShift)) }
                let (sines, cosines) = (angles.map { sin($0) }, angles.map { cos($0) })
                y.values += flipSinToCos ? cosines + sines : sines + cosines
                if channels % 2 == 1 { y.values.append(0) }
            }
            return y
        }
    }

    /// `nn.Embedding`.
    static let embedding = Twin { inputs, parameters in
        let channels = parameters[0].shape[1]
        var y = Samples(batch: inputs[0].batch, shape: .vector(channels), values: [])
        for timestep in inputs[0].values {
            y.values += parameters[0].values[(Int(timestep) * channels)..<((Int(timestep) + 1) * channels)]
        }
        return y
    }
}
