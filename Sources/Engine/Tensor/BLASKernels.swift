import Foundation

/// Makes OpenBLAS use the AVX-512 kernels it has on a CPU it is too old to know.
///
/// OpenBLAS picks its kernels by the CPU's model when it is loaded, and takes AVX2 ones for models it has never heard of. The
/// variable that overrules it is read at that moment, so it has to be in the environment before the process starts.
public enum BLASKernels {
    static let variable = "OPENBLAS_CORETYPE"

    /// Starts the process over, same id and arguments, with the variable set, where that brings better kernels. To be called before
    /// anything else; returns where nothing is to be gained. As the variable is then set, there is no second time.
    public static func restartWithBest() {
        #if arch(x86_64) && os(Linux)
        let environment = ProcessInfo.processInfo.environment
        guard environment[variable] == nil, let core = Matrix.openBLASCore,
            let information = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
            let flags = information.split(separator: "\n").first(where: { $0.hasPrefix("flags") }),
            let better = betterCore(than: core, flags: flags.split(separator: " ").map(String.init)),
            let path = realpath("/proc/self/exe", nil)
        else { return }
        setenv(variable, better, 1)
        execv(path, CommandLine.unsafeArgv)
        // Only a failure comes here: go on with the kernels there are.
        unsetenv(variable)
        free(path)
        #endif
    }

    /// The kernels to ask for in place of those of `core`, or nil where those are as wide as the CPU.
    package static func betterCore(than core: String, flags: [String]) -> String? {
        // What OpenBLAS's SkylakeX kernels are compiled for.
        let needed: Set = ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]
        let wide: Set = ["skylakex", "cooperlake", "sapphirerapids"]
        return needed.isSubset(of: flags) && !wide.contains(core.lowercased()) ? "SkylakeX" : nil
    }
}
