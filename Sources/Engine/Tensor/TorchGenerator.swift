import Foundation

/// PyTorch's CPU random stream: what `torch.Generator().manual_seed(seed)` gives to `torch.randn`, `rand`, `randint` and `uniform_`.
///
/// mt19937 (Matsumoto and Nishimura 1998) under the distributions of ATen's `DistributionsHelper.h` and `DistributionTemplates.h`.
/// Integers and uniforms agree bit for bit; normals within the rounding of log, sin and cos, whose float versions differ
/// between PyTorch's own builds too.
public struct TorchGenerator: Sendable {
    private var engine: MersenneTwister
    private var cachedNormal: Double?

    /// Seeds as `manual_seed` does; only the low 32 bits count.
    public init(seed: Int) {
        engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
    }

    /// Where the stream stands, as hexadecimal words: ``init(saved:)`` goes on from there.
    package var saved: String {
        (engine.words.map { String($0, radix: 16) } + (cachedNormal.map { [String($0.bitPattern, radix: 16)] } ?? [])).joined(
            separator: " ")
    }

    /// The stream that was ``saved``; nil when the text is none.
    package init?(saved text: String) {
        let words = text.split(separator: " ")
        let state = words.prefix(625).compactMap { UInt32($0, radix: 16) }
        guard let engine = MersenneTwister(words: state) else { return nil }
        self.engine = engine
        if words.count > 625 {
            guard words.count == 626, let bits = UInt64(words[625], radix: 16) else { return nil }
            cachedNormal = Double(bitPattern: bits)
        }
    }

    /// `torch.randn(count)`: standard normal numbers in the order of the tensor's memory.
    ///
    /// ATen has two ways: below 16 numbers each comes from Box-Muller in double precision, whose second normal waits for the
    /// next such call; from 16 on, float uniforms are transformed in blocks of 16.
    public mutating func randn(_ count: Int) -> [Float] {
        guard count >= 16 else { return (0..<max(0, count)).map { _ in Float(normal()) } }
        var values = rand(count)
        values.withUnsafeMutableBufferPointer { values in
            for start in stride(from: 0, through: count - 16, by: 16) { Self.boxMuller(&values, at: start) }
            // A remainder makes the last 16 be drawn again, over what the full blocks have written there.
            if count % 16 != 0 {
                for index in count - 16..<count { values[index] = uniform() }
                Self.boxMuller(&values, at: count - 16)
            }
        }
        return values
    }

    /// `torch.rand(count)`: uniform in [0, 1), multiples of 2⁻²⁴.
    public mutating func rand(_ count: Int) -> [Float] {
        (0..<max(0, count)).map { _ in uniform() }
    }

    /// `torch.empty(count).uniform_(from, to)`.
    public mutating func uniform(_ count: Int, from low: Float, to high: Float) -> [Float] {
        let width = high - low
        // ATen's compiler contracts the product and sum into one rounding.
        return (0..<max(0, count)).map { _ in low.addingProduct(uniform(), width) }
    }

    /// Goes on as ``uniform(_:from:to:)``, ``rand(_:)`` and ``randint(below:count:)`` of small bounds do, without the numbers.
    mutating func skipUniform(_ count: Int) { engine.skip(count) }

    /// `torch.randint(0, bound, (count,))`; `bound` is at least 1.
    public mutating func randint(below bound: Int, count: Int) -> [Int] {
        let bound = UInt64(max(1, bound))
        // ATen switches to 64 bits where the remainder of 32 would be visibly uneven.
        guard bound < 1 << 28 else { return (0..<max(0, count)).map { _ in Int(wide() % bound) } }
        return (0..<max(0, count)).map { _ in Int(UInt64(engine.next()) % bound) }
    }

    private mutating func uniform() -> Float {
        Float(engine.next() & 0xFF_FFFF) * 0x1p-24
    }

    private mutating func wide() -> UInt64 {
        let high = UInt64(engine.next())
        return high << 32 | UInt64(engine.next())
    }

    private mutating func normal() -> Double {
        if let cached = cachedNormal {
            cachedNormal = nil
            return cached
        }
        let first = Double(wide() & (1 << 53 - 1)) * 0x1p-53
        let second = Double(wide() & (1 << 53 - 1)) * 0x1p-53
        let radius = (-2 * log1p(-second)).squareRoot()
        let angle = 2 * Double.pi * first
        cachedNormal = radius * sin(angle)
        return radius * cos(angle)
    }

    // 2π to the nearest float. Swift's Float.pi is rounded towards zero, which moves a normal by up to 1.5e-6.
    private static let fullTurn: Float = 0x1.921FB6p2

    private static func boxMuller(_ values: inout UnsafeMutableBufferPointer<Float>, at start: Int) {
        for index in start..<start + 8 {
            let radius = (-2 * log(1 - values[index])).squareRoot()
            let angle = fullTurn * values[index + 8]
            values[index] = radius * cos(angle)
            values[index + 8] = radius * sin(angle)
        }
    }
}
