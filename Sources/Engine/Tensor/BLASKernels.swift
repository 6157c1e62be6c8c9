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
        guard environment[variable] == nil, let core = Matrix.openBLASCore, let better = betterCore(than: core, isWide: Processor.isWide),
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
    package static func betterCore(than core: String, isWide: Bool) -> String? {
        let widest: Set = ["skylakex", "cooperlake", "sapphirerapids"]
        return isWide && !widest.contains(core.lowercased()) ? "SkylakeX" : nil
    }
}
