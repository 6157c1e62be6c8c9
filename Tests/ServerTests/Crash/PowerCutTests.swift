import Foundation
import TestSupport
import Testing

/// Power cuts, which take from the disk everything that it was not waited for: bytes, and names too.
@Suite(.enabled(if: PowerCut.isAvailable, "there is no C compiler: power cuts are not simulated"))
struct PowerCutTests {
    /// Runs the program that writes what it is tried with, and cuts the power. Returns the files by their paths.
    private static func written(luck: Int?) throws -> [String: String] {
        let temporary = try TemporaryFolder()
        let root = temporary.url.appendingPathComponent("root")
        let cut = try PowerCut(of: root)
        let process = try ChildProcess(["env"] + cut.environment + [PowerCut.writer, root.path], output: .pipe)
        #expect(process.output?.availableData == Data("ready\n".utf8))
        process.signal(SIGKILL)
        process.wait()
        var dice = luck.map(Dice.init)
        try cut.happen(luck: &dice)
        var found: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
            let file = root.appendingPathComponent(path)
            found[path] = (try? String(contentsOf: file, encoding: .utf8)) ?? "folder"
        }
        return found
    }

    @Test func aPowerCutTakesWhatTheDiskWasNotWaitedFor() throws {
        let expected = [
            "named": "folder", "named/renamed-and-synced": "old", "named/removed": "back", "named/renamed": "new", "named/empty": "",
            "named/overwritten": "first", "unnamed": "folder", "unnamed/moved": "moved",
        ]
        let found = try Self.written(luck: nil)
        #expect(found.filter { expected[$0.key] != $0.value } == [:] && expected.filter { found[$0.key] != $0.value } == [:])
    }

    @Test func whatTheDiskWroteByItselfIsAnySubset() throws {
        let all = try (0..<40).map { try Self.written(luck: $0) }
        // What it was waited for is in all of them.
        #expect(all.allSatisfy { $0["named/renamed-and-synced"] == "old" && $0["unnamed"] == "folder" })
        for (path, versions) in [
            ("named/removed", ["back", nil]), ("named/renamed", ["new", nil]), ("named/other", ["new", nil]),
            ("named/overwritten", ["first", "SECOND"]), ("moved", ["moved", nil]), ("unnamed/made", ["no name", nil]),
            ("unnamed/moved", ["moved", nil]),
        ] as [(String, [String?])] {
            for version in versions { #expect(all.contains { $0[path] == version }, "\(path): \(version ?? "none")") }
        }
    }

    @Test func nothingAcknowledgedIsLostInAPowerCut() async throws {
        await CrashRun([.powerCut], rounds: 6).run()
    }
}
