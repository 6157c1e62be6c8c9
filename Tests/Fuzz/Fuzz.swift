import Foundation

/// A fuzzer: libFuzzer's driver around one of ``FuzzTarget``'s, which `FUZZ_TARGET` names.
///
/// By the environment rather than by an argument, because libFuzzer starts itself again with the arguments that it knows.
@main
enum Fuzz {
    static let target: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            fatalError("FUZZ_TARGET must be one of " + FuzzTarget.all.map(\.name).joined(separator: " "))
        }
        return target
    }()

    static func main() {
        _ = target
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(
            runDriver(&count, &arguments) { start, count in
                Fuzz.target.run([UInt8](UnsafeBufferPointer(start: start, count: count)))
                return 0
            })
    }
}

/// `FuzzerInterface.h` of compiler-rt.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What must hold whatever the input is; where it does not, that is a finding.
func require(_ condition: @autoclosure () -> Bool, _ rule: String) {
    if !condition() { fatalError("finding: \(rule)") }
}
