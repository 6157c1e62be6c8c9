/// Lets so many tests at a time have a service, the others wait.
///
/// Tests begin all at once. A service has threads and descriptors of its own, and hundreds of them would be more than a process may have.
actor Turns {
    /// Of services in this process.
    static let services = Turns(64)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private init(_ count: Int) { free = count }

    /// Runs `body` when it is its turn.
    nonisolated func wait(_ body: () async throws -> Void) async throws {
        await take()
        do { try await body() } catch {
            await leave()
            throw error
        }
        await leave()
    }

    private func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
