import HTTPTypes

/// Names one request, in the answer's `X-Request-Id` and in the log: the client's own word for it, or one of ours.
package struct RequestID: Sendable, Equatable, CustomStringConvertible {
    private enum Name: Equatable {
        case given(String)
        /// 64 random bits of the connection and the request's place on it: making one asks the kernel for nothing.
        case own(connection: UInt64, number: Int)
    }

    /// Characters in a client's word at most.
    private static let limit = 128

    private let name: Name

    /// Of a request of which the client says nothing, or nothing that could go into a log.
    package init(connection: UInt64, number: Int) {
        name = .own(connection: connection, number: number)
    }

    /// The client's own: 1 to 128 letters, digits and `-._~:/+=@`, once. Nil for anything else, which is overlooked.
    package init?(_ values: [String]) {
        guard values.count == 1, let value = values.first, (1...Self.limit).contains(value.utf8.count),
            value.utf8.allSatisfy(Self.isSafe)
        else { return nil }
        name = .given(value)
    }

    package var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes it, without making a text of it first.
    func append(to bytes: inout [UInt8]) {
        switch name {
        case .given(let value): bytes.append(contentsOf: value.utf8)
        case .own(let connection, let number):
            for shift in stride(from: 60, through: 0, by: -4) {
                bytes.append(Self.digit(UInt8(truncatingIfNeeded: connection >> UInt64(shift))))
            }
            bytes.append(UInt8(ascii: "-"))
            var divisor = 1
            while number / divisor >= 10 { divisor *= 10 }
            while divisor > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        let value = value & 15
        return value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func isSafe(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "="),
            UInt8(ascii: "@"):
            true
        default: ASCII.isAlpha(byte)
        }
    }
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name("X-Request-Id")!
}
