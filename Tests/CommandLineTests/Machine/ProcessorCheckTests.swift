import CommandLine
import Testing

@Suite struct ProcessorCheckTests {
    private static func cpuinfo(_ flags: [String]) -> String {
        "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu sse \(flags.joined(separator: " ")) lm\nbogomips\t: 1\n"
    }

    @Test func aProcessorWithAllThatIsNeededWillDo() {
        #expect(ProcessorCheck.trouble(cpuinfo: Self.cpuinfo(ProcessorCheck.needed)) == nil)
    }

    @Test(arguments: ProcessorCheck.needed)
    func whatIsMissingIsNamed(flag: String) throws {
        // A longer flag that only begins alike does not count.
        let text = Self.cpuinfo(ProcessorCheck.needed.map { $0 == flag ? "\(flag)512" : $0 })
        let trouble = try #require(ProcessorCheck.trouble(cpuinfo: text))
        #expect(trouble.contains("lacks \(flag):"), "\(trouble)")
    }

    /// Other kernels and architectures write the file in their own way.
    @Test func whatSaysNothingIsTakenAsItIs() {
        #expect(ProcessorCheck.trouble(cpuinfo: "") == nil)
        #expect(ProcessorCheck.trouble(cpuinfo: "processor: 0\nFeatures: fp asimd\n") == nil)
    }
}
