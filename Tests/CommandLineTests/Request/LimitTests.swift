import CommandLine
import Documents
import Testing

/// The most that a cut may leave, as it is said on the command line.
@Suite struct LimitTests {
    @Test(arguments: [("50%", "{\"fraction\":0.5}"), ("12.5%", "{\"fraction\":0.125}"), ("1000000", "1000000")])
    func countsAreNumbersOrShares(argument: String, json: String) throws {
        #expect(CountLimit(argument: argument)?.json.compact == json)
        #expect(BytesLimit(argument: argument)?.json == CountLimit(argument: argument)?.json)
    }

    @Test(arguments: [
        ("20MB", 20_000_000), ("20 MiB", 20 << 20), ("1.5GB", 1_500_000_000), ("2gib", 2 << 30), ("3KB", 3000), ("3KiB", 3072), ("7B", 7),
    ])
    func bytesHaveUnits(argument: String, bytes: Int) {
        #expect(BytesLimit(argument: argument)?.json == .integer(bytes))
    }

    @Test(arguments: ["", "%", "x%", "half", "1.5", "20MB", "1e400%"])
    func otherCountsAreRefused(argument: String) {
        #expect(CountLimit(argument: argument) == nil)
    }

    @Test(arguments: ["", "MB", "20TB", "xMB", "1e300GB", "20MB/s"])
    func otherBytesAreRefused(argument: String) {
        #expect(BytesLimit(argument: argument) == nil)
    }
}
