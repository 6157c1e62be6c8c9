import Engine
import Foundation

extension Twin {
    /// `nn.ConvTranspose2d`: every pixel adds its patch, with a bias or without.
    static func convTranspose2d(_ window: ConvTranspose2d.Window) -> Twin {
        Twin { inputs, parameters in
            let (x, weight) = (inputs[0], parameters[0])
            let (inChannels, outChannels, kernel) = (weight.shape[0], weight.shape[1], weight.shape[2])
            let shape = Shape(height: window.side(x.shape.height), width: window.side(x.shape.width), channels: outChannels)
            var y = Samples(batch: x.batch, shape: shape)
            for image in 0..<y.batch {
                for pixel in 0..<shape.pixels {
                    for out in 0..<outChannels {
                        y.values[y.start(image, pixel) + out] = parameters.count > 1 ? parameters[1].values[out] : 0
                    }
                }
                for pixel in 0..<x.shape.pixels {
                    for tap in 0..<(kernel * kernel) {
                        let row = pixel / x.shape.width * window.stride - window.padding + tap / kernel
                        let column = pixel % x.shape.width * window.stride - window.padding + tap % kernel
                        guard (0..<shape.height).contains(row), (0..<shape.width).contains(column) else { continue }
                        let (from, to) = (x.start(image, pixel), y.start(image, row * shape.width + column))
                        for input in 0..<inChannels {
                            for out in 0..<outChannels {
                                y.values[to + out] +=
                                    x.values[from + input] * weight.values[(input * outChannels + out) * kernel * kernel + tap]
                            }
                        }
                    }
                }
            }
            return y
        }
    }

    /// `nn.BatchNorm2d` in evaluation mode.
    static func batchNorm(epsilon: Double) -> Twin {
        Twin { inputs, parameters in
            let x = inputs[0]
            var y = x
            for place in x.values.indices {
                let channel = place % x.shape.channels
                let deviation = (parameters[3].values[channel] + epsilon).squareRoot()
                y.values[place] =
                    (x.values[place] - parameters[2].values[channel]) / deviation * parameters[0].values[channel]
                    + parameters[1].values[channel]
            }
            return y
        }
    }

    /// `nn.Unflatten`.
    static func unflatten(_ shape: Shape) -> Twin {
        Twin { inputs, _ in
            let x = inputs[0]
            var y = Samples(batch: x.batch, shape: shape)
            for image in 0..<x.batch {
                for pixel in 0..<shape.pixels {
                    for channel in 0..<shape.channels {
                        y.values[y.start(image, pixel) + channel] = x.values[x.start(image, 0) + channel * shape.pixels + pixel]
                    }
                }
            }
            return y
        }
    }
}
