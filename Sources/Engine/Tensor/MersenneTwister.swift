/// The generator mt19937 of Matsumoto and Nishimura (1998), seeded by their `init_genrand`.
struct MersenneTwister: Sendable {
    private var state: [UInt32]
    private var position = 624

    init(seed: UInt32) {
        state = [UInt32](repeating: seed, count: 624)
        for index in 1..<624 {
            let previous = state[index - 1]
            state[index] = 1_812_433_253 &* (previous ^ previous >> 30) &+ UInt32(index)
        }
    }

    /// The state and the place in it: all that the numbers to come depend on.
    var words: [UInt32] { state + [UInt32(position)] }

    /// The generator that had these ``words``; nil when they are none.
    init?(words: [UInt32]) {
        guard words.count == 625, words[624] <= 624 else { return nil }
        state = Array(words.prefix(624))
        position = Int(words[624])
    }

    /// The next 32 bits.
    mutating func next() -> UInt32 {
        if position == 624 { refill() }
        var bits = state[position]
        position += 1
        bits ^= bits >> 11
        bits ^= bits << 7 & 0x9D2C_5680
        bits ^= bits << 15 & 0xEFC6_0000
        return bits ^ bits >> 18
    }

    /// Goes on by `count` times 32 bits.
    mutating func skip(_ count: Int) {
        var left = max(0, count)
        while left > 624 - position {
            left -= 624 - position
            refill()
        }
        position += left
    }

    private mutating func refill() {
        state.withUnsafeMutableBufferPointer { state in
            for index in 0..<624 {
                let joined = state[index] & 0x8000_0000 | state[(index + 1) % 624] & 0x7FFF_FFFF
                state[index] = state[(index + 397) % 624] ^ joined >> 1 ^ (joined & 1 == 0 ? 0 : 0x9908_B0DF)
            }
        }
        position = 0
    }
}
