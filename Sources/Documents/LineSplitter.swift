/// The lines of a text as its bytes come, without their ends: memory does not grow with the text.
///
/// Lines end with LF; of CRLF the carriage return stays. A byte order mark before the first one is passed over.
public struct LineSplitter {
    /// One line.
    public struct Line: Equatable {
        /// Its number, from 1 on.
        public let number: Int
        /// Its bytes.
        public let bytes: [UInt8]
    }

    /// A line has more bytes than it may have.
    public struct TooLong: Error, Equatable {
        /// Its number, from 1 on.
        public let line: Int
    }

    private let longest: Int
    private var bytes: [UInt8] = []
    private var number = 1

    /// - Parameter longest: bytes that a line may have.
    public init(longest: Int = 64 << 10) { self.longest = longest }

    /// Reads on.
    ///
    /// - Returns: the lines that ended.
    public mutating func lines(in more: some Sequence<UInt8>) throws(TooLong) -> [Line] {
        var lines: [Line] = []
        for byte in more {
            if byte == UInt8(ascii: "\n") {
                lines.append(line())
                continue
            }
            guard bytes.count < longest else { throw TooLong(line: number) }
            bytes.append(byte)
        }
        return lines
    }

    /// Ends the text.
    ///
    /// - Returns: the last line, where no line end stood behind it.
    public mutating func end() -> Line? { bytes.isEmpty ? nil : line() }

    private mutating func line() -> Line {
        let isMarked = number == 1 && bytes.starts(with: [0xEF, 0xBB, 0xBF])
        defer {
            bytes = []
            number += 1
        }
        return Line(number: number, bytes: isMarked ? Array(bytes.dropFirst(3)) : bytes)
    }
}
