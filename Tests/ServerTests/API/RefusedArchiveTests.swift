import ServiceSupport
import Testing

/// Archives beyond the limits.
@Suite struct RefusedArchiveTests {
    /// Through the API, at the limits there are: refused by name, and nothing is left.
    @Test func refusedArchivesLeaveNothingBehind() async throws {
        let zeros = try Samples.archive([("first", [1]), ("zeros", [UInt8](repeating: 0, count: 256 << 20))], .tarGz)
        let many = try Samples.archive((0...10_000).map { ("\($0)", []) }, .zip)
        let deep = try Samples.archive([("first", [1]), (String(repeating: "d/", count: 33) + "file", [1])], .tar)
        try await World.with { world in
            for (archive, names) in [
                (zeros, "passes 268435456 at \"zeros\""), (many, "more than 10000 entries"), (deep, "more than 32 folders deep"),
            ] {
                let answer = try await world.send("POST", "/v1/checkpoints", body: archive)
                #expect(answer.status == 422 && answer.code == "invalid_archive" && answer.detail.contains(names), "\(answer.detail)")
                #expect(try world.filesLeft() == [])
            }
        }
    }
}
