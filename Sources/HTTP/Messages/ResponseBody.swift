import Files

/// What follows the head of an answer. For `HEAD` only its length is used.
package enum ResponseBody: Sendable {
    /// Nothing.
    case empty
    /// These bytes.
    case bytes([UInt8])
    /// `length` bytes of a file from `offset`, sent by the kernel (sendfile(2)) without passing through this process.
    case file(OpenFile, offset: Int64, length: Int64)
    /// One after the other.
    case parts([Part])
    /// What the closure writes. `length` is announced where it is known and must then be met; else the body is chunked.
    case stream(length: Int64?, @Sendable (ResponseWriter) async throws -> Void)

    /// A piece of a body.
    package enum Part: Sendable {
        case bytes([UInt8])
        case file(OpenFile, offset: Int64, length: Int64)

        /// Bytes in it.
        var length: Int64 {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .file(_, _, let length): length
            }
        }

        /// `count` of its bytes from `offset`.
        func slice(_ offset: Int64, _ count: Int64) -> Part {
            switch self {
            case .bytes(let bytes): .bytes(Array(bytes[Int(offset)..<Int(offset + count)]))
            case .file(let file, let start, _): .file(file, offset: start + offset, length: count)
            }
        }
    }

    /// A whole file.
    package static func file(_ file: OpenFile) -> ResponseBody {
        .file(file, offset: 0, length: file.size)
    }

    /// Bytes in the body; nil for a stream of unknown length.
    var length: Int64? {
        switch self {
        case .empty: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, _, let length): length
        case .parts(let parts): parts.reduce(0) { $0 + $1.length }
        case .stream(let length, _): length
        }
    }
}
