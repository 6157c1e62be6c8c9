import Synchronization

/// Opaque identifiers that sort by the time they were made: `ckpt_01hx…`.
///
/// After the prefix stand 48 bits of milliseconds and 80 random bits as 26 characters of Crockford's base 32, as in a ULID.
/// Within one process every identifier is greater than the one before, even within a millisecond or when the clock steps back.
public enum Identifier {
    /// The prefixes of the API, and of the store itself.
    public enum Prefix: String, Sendable {
        case checkpoint = "ckpt_"
        case dataset = "data_"
        case job = "job_"
        case sweep = "sweep_"
        case extractor = "extr_"
        case statistics = "stat_"
        case token = "tok_"
        case upload = "upl_"
        case event = "evt_"
        case store = "store_"
    }

    private struct State {
        var milliseconds: UInt64 = 0
        var random: (high: UInt16, low: UInt64) = (0, 0)
    }

    private static let state = Mutex(State())

    /// A new identifier.
    public static func make(_ prefix: Prefix) -> String {
        let now = UInt64(max(0, Timestamp.now().milliseconds)) & 0xFFFF_FFFF_FFFF
        let (milliseconds, random) = state.withLock { state -> (UInt64, (high: UInt16, low: UInt64)) in
            if now > state.milliseconds {
                // The top bit stays clear so that counting upwards from here cannot overflow.
                state = State(milliseconds: now, random: (UInt16.random(in: 0...0x7FFF), UInt64.random(in: 0...UInt64.max)))
            } else {
                state.random.low &+= 1
                if state.random.low == 0 { state.random.high &+= 1 }
            }
            return (state.milliseconds, state.random)
        }
        return prefix.rawValue + text(high: milliseconds << 16 | UInt64(random.high), low: random.low)
    }

    /// 128 bits as 26 base-32 digits, most significant first (the first one carries 3 bits).
    private static func text(high: UInt64, low: UInt64) -> String {
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        var bits = UInt128(high) << 64 | UInt128(low)
        var digits = [UInt8](repeating: 0, count: 26)
        for index in digits.indices.reversed() {
            digits[index] = alphabet[Int(bits & 31)]
            bits >>= 5
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
