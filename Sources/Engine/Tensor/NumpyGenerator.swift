/// NumPy's legacy stream: what `numpy.random.RandomState(seed)` gives to `permutation`, and so to `choice` without replacement.
package struct NumpyGenerator {
    private var engine: MersenneTwister

    /// Seeds it.
    package init(seed: UInt32) { engine = MersenneTwister(seed: seed) }

    /// `permutation(count)`: Fisher and Yates from the end, bounded numbers by masks and rejection.
    package mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, below(last)) }
        return order
    }

    /// A number from 0 to `largest`, which is at least 1 and below 2³².
    private mutating func below(_ largest: Int) -> Int {
        let mask = UInt32.max >> UInt32(UInt32(largest).leadingZeroBitCount)
        while true {
            let value = Int(engine.next() & mask)
            if value <= largest { return value }
        }
    }
}
