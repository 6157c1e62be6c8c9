import Dispatch
import Foundation

/// Waits and blocks its thread, as no asynchronous function may by itself.
package func block(on gate: DispatchSemaphore) {
    gate.wait()
}

/// What blocks its thread, on one of its own: Swift's few must not be blocked, nor Dispatch's, on which servers under test run.
package func onAThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: .init(catching: work)) }
    }
}
