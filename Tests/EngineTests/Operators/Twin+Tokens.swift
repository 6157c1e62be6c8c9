import Engine
import Foundation

extension Twin {
    /// `F.scaled_dot_product_attention`, heads as runs of channels.
    static func attention(heads: Int, isCausal: Bool = false) -> Twin {
        Twin { inputs, _ in
            let (q, k, v) = (inputs[0], inputs[1], inputs[2])
            let (queryHead, valueHead) = (q.shape.channels / heads, v.shape.channels / heads)
            var y = Samples(batch: q.batch, shape: q.shape.with(channels: v.shape.channels))
            for image in 0..<q.batch {
                for head in 0..<heads {
                    for row in 0..<q.shape.pixels {
                        let query = q.start(image, row) + head * queryHead
                        let keys = isCausal ? row + 1 : k.shape.pixels
                        var scores = (0..<keys).map { column in
                            let key = k.start(image, column) + head * queryHead
                            var sum = 0.0
                            for channel in 0..<queryHead { sum += q.values[query + channel] * k.values[key + channel] }
                            return sum / Double(queryHead).squareRoot()
                        }
                        let largest = scores.max() ?? 0
                        scores = scores.map { exp($0 - largest) }
                        let sum = scores.reduce(0, +)
                        let target = y.start(image, row) + head * valueHead
                        for column in 0..<keys {
                            let value = v.start(image, column) + head * valueHead
                            for channel in 0..<valueHead { y.values[target + channel] += scores[column] / sum * v.values[value + channel] }
                        }
                    }
                }
            }
            return y
        }
    }

    /// `nn.LayerNorm` over channels.
    static func layerNorm(epsilon: Double) -> Twin {
        Twin { inputs, parameters in
            var y = inputs[0]
            let channels = y.shape.channels
            for start in stride(from: 0, to: y.values.count, by: channels) {
                let x = y.values[start..<(start + channels)]
                let mean = x.reduce(0, +) / Double(channels)
                let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(channels)
                for channel in 0..<channels {
                    let normal = (y.values[start + channel] - mean) / (variance + epsilon).squareRoot()
                    y.values[start + channel] = normal * parameters[0].values[channel] + parameters[1].values[channel]
                }
            }
            return y
        }
    }

    /// The first half of the channels times a function of the second.
    static func gated(_ function: ActivationFunction) -> Twin {
        Twin { inputs, _ in
            let x = inputs[0]
            let activated = Twin.activation(function)([x])
            let channels = x.shape.channels / 2
            var y = Samples(batch: x.batch, shape: x.shape.with(channels: channels), values: [])
            for start in stride(from: 0, to: x.values.count, by: 2 * channels) {
                for channel in 0..<channels { y.values.append(x.values[start + channel] * activated.values[start + channels + channel]) }
            }
            return y
        }
    }
}
