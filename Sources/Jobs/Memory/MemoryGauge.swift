import Foundation

/// The process's peak of resident memory, as Linux counts it.
package enum MemoryGauge {
    /// Starts the count afresh (proc(5), `clear_refs`).
    static func reset() {
        guard let handle = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? handle.write(contentsOf: Data("5".utf8))
        try? handle.close()
    }

    /// Bytes at the peak since the last ``reset()``, or nil where /proc does not tell.
    package static var peak: Int? { status("VmHWM:") }

    /// Bytes that are resident now.
    package static var resident: Int? { status("VmRSS:") }

    /// Bytes of address space.
    package static var virtual: Int? { status("VmSize:") }

    private static func status(_ name: String) -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        for line in status.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: Array(name.utf8)) {
            let digits = line.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            return Int(String(decoding: digits, as: UTF8.self)).map { $0 * 1024 }
        }
        return nil
    }
}
