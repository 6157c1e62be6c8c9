import Foundation

/// What the processor can do, as Linux tells it.
enum Processor {
    /// The flags of /proc/cpuinfo; empty where there are none to be had.
    static let flags: Set<String> = {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
        else { return [] }
        return Set(line.split(whereSeparator: { " \t:".contains($0) }).map(String.init))
    }()

    /// What x86-64-v4 has beyond x86-64-v3 (System V ABI, AMD64 supplement, section 3.1.1), and what OpenBLAS's widest kernels need.
    static let wide: Set = ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]

    /// Whether it has the instructions of x86-64-v4.
    static let isWide = wide.isSubset(of: flags)
}
