/// How latents are scaled for the network that is trained on them, so that they are of about unit variance: (x - shift) · factor for each channel.
///
/// Stable Diffusion has one factor for all channels (`scaling_factor`); later autoencoders a shift, or numbers for each channel.
public struct LatentScaling: Sendable, Equatable {
    /// Of each channel.
    public let shifts: [Float]
    /// Of each channel; none is 0.
    public let factors: [Float]

    /// Numbers for each channel.
    init(shifts: [Float], factors: [Float]) {
        self.shifts = shifts
        self.factors = factors
    }

    /// The same for all channels.
    init(channels: Int, shift: Float = 0, factor: Float) {
        self.init(shifts: Array(repeating: shift, count: channels), factors: Array(repeating: factor, count: channels))
    }

    /// Scales what an encoder gave; `latents` are (samples, channels, pixels).
    func scale(_ latents: UnsafeMutableBufferPointer<Float>, pixels: Int) {
        forEachPlane(latents, pixels) { values, shift, factor in
            for index in values.indices { values[index] = (values[index] - shift) * factor }
        }
    }

    /// Makes of scaled latents what a decoder takes.
    func unscale(_ latents: UnsafeMutableBufferPointer<Float>, pixels: Int) {
        forEachPlane(latents, pixels) { values, shift, factor in
            for index in values.indices { values[index] = values[index] / factor + shift }
        }
    }

    private func forEachPlane(
        _ latents: UnsafeMutableBufferPointer<Float>, _ pixels: Int,
        _ body: (UnsafeMutableBufferPointer<Float>, Float, Float) -> Void
    ) {
        for (plane, start) in stride(from: 0, to: latents.count, by: max(1, pixels)).enumerated() {
            let channel = plane % factors.count
            body(UnsafeMutableBufferPointer(rebasing: latents[start..<(start + pixels)]), shifts[channel], factors[channel])
        }
    }
}
