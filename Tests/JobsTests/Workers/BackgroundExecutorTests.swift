import Foundation
import Jobs
import Testing

/// What requests make their service work for does not take the processor from those that are answered at once.
struct BackgroundExecutorTests {
    private struct Trouble: Error {}

    private static var niceness: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

    @Test func workIsDoneBelowWhateverAnswers() async {
        #expect(await BackgroundExecutor.run { Self.niceness } >= 10)
    }

    @Test func whatWorkThrowsIsThrown() async {
        await #expect(throws: Trouble.self) { try await BackgroundExecutor.run { throw Trouble() } }
    }
}
