import Foundation

extension String {
    /// The status of an answer; 0 when there is none.
    package var status: Int {
        guard hasPrefix("HTTP/1.1 ") else { return 0 }
        return Int(dropFirst(9).prefix(3)) ?? 0
    }

    /// The statuses of all answers in it.
    package var statuses: [Int] {
        components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
    }

    /// The first head, with its empty line.
    package var head: String { String(decoding: Array(utf8)[..<headEnd], as: UTF8.self) }

    /// What comes after the first head.
    package var content: String { String(decoding: Array(utf8)[headEnd...], as: UTF8.self) }

    private var headEnd: Int {
        let bytes = Array(utf8)
        return bytes.indices.dropFirst(3).first { bytes[($0 - 3)...$0].elementsEqual("\r\n\r\n".utf8) }.map { $0 + 1 } ?? bytes.count
    }
}
