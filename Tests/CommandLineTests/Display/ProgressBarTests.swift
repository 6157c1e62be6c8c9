import CommandLine
import Foundation
import Synchronization
import Testing

/// What a person sees of progress.
@Suite struct ProgressBarTests {
    private static let progress = ShownProgress("finetuning", steps: 156, of: 300, remaining: 42)

    @Test(arguments: [
        (80, "finetuning  ███████████████████░░░░░░░░░░░░░░░░░░░   52%  156 of 300  0:42 left"),
        (200, "finetuning  ████████████████████░░░░░░░░░░░░░░░░░░░░   52%  156 of 300  0:42 left"),
        (50, "finetuning  ████░░░░   52%  156 of 300  0:42 left"),
        (45, "finetuning  ███████░░░░░░░░   52%  0:42 left"),
        (30, "finetuning  █████░░░░░░   52%"),
        (20, "finetuning 52%"), (11, "finetuning"), (4, "fin"), (1, "f"), (0, "f"),
    ])
    func aLineFitsTheTerminal(columns: Int, line: String) {
        let found = ProgressBar(columns: columns, isUnicode: true).line(Self.progress)
        #expect(found == line)
        #expect(found.count <= max(1, columns - 1))
    }

    @Test func everyWidthHasALineThatFits() {
        for columns in 0...300 {
            for remaining in [nil, 3, 1e6] {
                let progress = ShownProgress("scoring", steps: 999, of: 1000, remaining: remaining)
                #expect(ProgressBar(columns: columns, isUnicode: false).line(progress).count <= max(1, columns - 1))
            }
        }
    }

    @Test func aTerminalWithoutUnicodeGetsASCII() {
        let line = ProgressBar(columns: 60, isUnicode: false).line(ShownProgress("uploading", bytes: 1_500_000, of: 3_000_000))
        #expect(line == "uploading   ###########------------   50%  1.5 MB of 3.0 MB")
    }

    @Test func onlyWhatIsDoneIsAHundredPerCent() {
        #expect(ProgressBar.sentence(ShownProgress("scoring", steps: 9999, of: 10000, remaining: nil)) == "scoring 99%, 9999 of 10000")
        #expect(ProgressBar.sentence(ShownProgress("scoring", steps: 10, of: 10, remaining: 0)) == "scoring 100%, 10 of 10, 0:00 left")
        #expect(ProgressBar.sentence(ShownProgress("loading", steps: 0, of: 1, remaining: nil)) == "loading 0%")
        #expect(ProgressBar.sentence(ShownProgress("reading", bytes: 0, of: 0)) == "reading 100%, 0 B of 0 B")
    }

    @Test func numbersReadWell() {
        #expect([0, 7, 999, 1000, 1_234_567, -1000].map(Quantity.count) == ["0", "7", "999", "1,000", "1,234,567", "-1,000"])
        #expect(
            [0, 999, 1000, 9_949, 9_950, 999_400, 999_500, 12_000_000_000].map(Quantity.bytes)
                == ["0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "999 kB", "1.0 MB", "12 GB"])
        #expect(
            [0, 59.4, 59.5, 3599, 3600, 86399, 86400, 300_000, .infinity, -1].map(Quantity.duration)
                == ["0:00", "0:59", "1:00", "59:59", "1:00:00", "23:59:59", "1 d 00:00", "3 d 11:20", "?", "0:00"])
    }

    /// What a screen wrote, and its clock.
    private final class Recorder: Sendable {
        let state = Mutex((time: 0.0, text: ""))
        var text: String { state.withLock { $0.text } }

        func screen(_ manner: Screen.Manner) -> Screen {
            Screen(manner, isUnicode: false, now: { self.state.withLock { $0.time } }) { text in self.state.withLock { $0.text += text } }
        }

        func pass(_ seconds: Double) { state.withLock { $0.time += seconds } }
    }

    @Test func withoutATerminalLinesComeNowAndThen() {
        let recorder = Recorder()
        let screen = recorder.screen(.lines)
        for step in 0..<40 {
            screen.show(ShownProgress("scoring", steps: step, of: 100, remaining: nil))
            recorder.pass(0.5)
        }
        // Another phase is told at once; reading that is soon over, never.
        screen.show(ShownProgress("pruning", steps: 0, of: 1, remaining: nil))
        screen.show(ShownProgress("reading", bytes: 1, of: 100))
        recorder.pass(1)
        screen.show(ShownProgress("reading", bytes: 100, of: 100))
        recorder.pass(9)
        screen.show(ShownProgress("reading", bytes: 50, of: 100))
        screen.note("a note")
        screen.clear()
        #expect(
            recorder.text == """
                scoring 0%, 0 of 100
                scoring 10%, 10 of 100
                scoring 20%, 20 of 100
                scoring 30%, 30 of 100
                pruning 0%
                reading 50%, 50 B of 100 B
                a note

                """)
    }

    /// The bar goes on from phase to phase where the whole job's share is known, while words tell the phase's steps.
    @Test func theBarIsTheWholeJobs() {
        let progress = ShownProgress("finetuning", steps: 1, of: 100, overall: 0.43, remaining: nil)
        #expect(ProgressBar.sentence(progress) == "finetuning 43%, 1 of 100")
    }

    @Test func aBarIsDrawnNoOftenerThanAnEyeSees() {
        let recorder = Recorder()
        let screen = recorder.screen(.bar)
        for step in 0..<1000 {
            screen.show(ShownProgress("reading", bytes: Int64(step), of: 1000))
            recorder.pass(0.001)
        }
        screen.show(ShownProgress("scoring", steps: 0, of: 1, remaining: nil))
        #expect((10...12).contains(recorder.text.split(separator: "\r").count), "\(recorder.text)")
        #expect(recorder.text.contains("scoring"))
    }

    @Test func aNoteTakesTheBarAwayFirst() {
        let recorder = Recorder()
        let screen = recorder.screen(.bar)
        screen.show(ShownProgress("scoring", steps: 1, of: 2, remaining: nil))
        screen.note("a note")
        screen.clear()
        #expect(recorder.text.hasPrefix("\r\u{1B}[2Kscoring     ###"))
        #expect(recorder.text.hasSuffix("\r\u{1B}[2Ka note\n"))
    }

    @Test func aQuietScreenTellsWhatMustBeTold() {
        let recorder = Recorder()
        let screen = recorder.screen(.nothing)
        screen.show(ShownProgress("scoring", steps: 1, of: 2, remaining: nil))
        screen.note("a note")
        screen.tell("an error")
        screen.clear()
        #expect(recorder.text == "an error\n")
    }
}
