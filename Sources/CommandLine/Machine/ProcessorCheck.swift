import Foundation

/// Whether this processor has the instructions that the Engine is compiled for (x86-64-v3): without them it would die of SIGILL, silently.
///
/// It must be asked before anything of the Engine runs, and is itself compiled for any processor.
package enum ProcessorCheck {
    /// The processor will not do.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The flags in /proc/cpuinfo of what x86-64-v3 has beyond x86-64 (System V ABI, AMD64 supplement, section 3.1.1).
    package static let needed = ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave", "sse4_2", "popcnt"]

    /// Checks the processor; on other architectures, and where Linux does not tell, it is taken as it is.
    static func check() throws(Failure) {
        #if arch(x86_64) && os(Linux)
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8), let trouble = trouble(cpuinfo: text) else { return }
        throw Failure(description: trouble)
        #endif
    }

    /// What is wrong, as a sentence; nil where nothing is.
    ///
    /// - Parameter cpuinfo: the contents of /proc/cpuinfo.
    package static func trouble(cpuinfo: String) -> String? {
        guard let line = cpuinfo.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else { return nil }
        let flags = Set(line.split(whereSeparator: { " \t:".contains($0) }).map(String.init))
        let missing = needed.filter { !flags.contains($0) }
        guard !missing.isEmpty else { return nil }
        return "this processor lacks \(missing.joined(separator: ", ")): pruner needs an x86-64-v3 processor (2013 or later)"
    }
}
