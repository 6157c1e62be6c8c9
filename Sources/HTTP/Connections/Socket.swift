import Dispatch
import Files
import Foundation
import Synchronization

/// A connected, non-blocking socket. Waiting for the peer suspends the task and takes no thread.
///
/// One task reads and writes; ``abort()`` may come from anywhere. ``close()`` must be called.
final class Socket: Sendable {
    private struct State {
        var isClosed = false
        /// Of those whose readiness is told; nil before it was first waited for.
        var place: ReadinessPoller.Place?
        var timer: (any DispatchSourceTimer)?
        /// When the timer fires next; nil when it does not.
        var timerDeadline: DispatchTime?
        var waiter: SocketWaiter?
    }

    private let descriptor: Int32
    private let queue: DispatchQueue
    private let traffic: Traffic
    private let state = Mutex(State())
    private let prompt = PromptPeer()

    /// Takes over a connected descriptor, already non-blocking. Its timer fires on `queue`, which is serial.
    init(descriptor: Int32, queue: DispatchQueue, traffic: Traffic) {
        self.descriptor = descriptor
        self.queue = queue
        self.traffic = traffic
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: - Bytes

    /// Up to `limit` bytes; empty at the end of the stream.
    /// - Throws: ``HTTPError/timeout(_:)`` when nothing comes until `deadline`; ``HTTPError/connectionLost``.
    func read(upTo limit: Int, deadline: DispatchTime) async throws -> [UInt8] {
        if let bytes = try receive(limit) { return bytes }
        let start = DispatchTime.now()
        if prompt.waits(descriptor, for: POLLIN), let bytes = try receive(limit) { return bytes }
        let bytes = try await withCheckedThrowingContinuation { wait(.read(limit: limit, deadline, $0)) }
        prompt.cameReady(since: start)
        return bytes
    }

    /// What is there; nil when nothing is.
    private func receive(_ limit: Int) throws(HTTPError) -> [UInt8]? {
        while true {
            var failure: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                let found = recv(descriptor, buffer.baseAddress!, limit, 0)
                if found < 0 { failure = errno }
                count = max(0, found)
            }
            switch failure {
            case 0:
                traffic.received.wrappingAdd(bytes.count, ordering: .relaxed)
                return bytes
            case EINTR: continue
            case EAGAIN: return nil
            default: throw .connectionLost
            }
        }
    }

    /// Whether there is something to be read, if only the end.
    var hasInput: Bool {
        state.withLock { state in
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return !state.isClosed && poll(&waiting, 1, 0) > 0
        }
    }

    /// Sends all the bytes. Returns how the pace stands after that.
    /// - Parameter more: whether more follows at once, so that the kernel may fill its packets.
    /// - Throws: ``HTTPError/timeout(_:)`` when the peer reads too slowly; ``HTTPError/connectionLost``.
    func write(_ bytes: [UInt8], pace: Pace, more: Bool = false) async throws -> Pace {
        var pace = pace
        var offset = 0
        while offset < bytes.count {
            let sent = bytes.withUnsafeBytes {
                send(
                    descriptor, $0.baseAddress! + offset, bytes.count - offset,
                    Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0))
            }
            try await advance(sent, &offset, &pace)
        }
        return pace
    }

    /// Sends `length` bytes of a file from `offset`.
    func write(_ file: OpenFile, offset: Int64, length: Int64, pace: Pace) async throws -> Pace {
        var pace = pace
        var position = off_t(offset)
        let end = off_t(offset + length)
        while position < end {
            var next = position
            let sent = sendfile(descriptor, file.descriptor, &next, Int(min(end - position, 1 << 20)))
            // The file became shorter than what was announced: all that is left is to cut the answer off.
            if sent == 0 { throw HTTPError.connectionLost }
            var done = 0
            try await advance(sent, &done, &pace)
            position += off_t(done)
        }
        return pace
    }

    private func advance(_ sent: Int, _ offset: inout Int, _ pace: inout Pace) async throws {
        if sent >= 0 {
            traffic.sent.wrappingAdd(sent, ordering: .relaxed)
            offset += sent
            pace.moved(sent)
            return
        }
        switch errno {
        case EINTR: return
        case EAGAIN: try await waitForRoom(&pace)
        default: throw HTTPError.connectionLost
        }
    }

    /// Waits until the kernel takes more. Its buffer holds megabytes and has room again only when a good part of them is gone: whether
    /// a slow peer reads at all shows in how many are left.
    private func waitForRoom(_ pace: inout Pace) async throws {
        var left = unsentBytes
        while true {
            let start = DispatchTime.now()
            if prompt.waits(descriptor, for: POLLOUT) { return pace.waited(since: start) }
            do {
                try await withCheckedThrowingContinuation { wait(.write(pace.deadline, $0)) }
                prompt.cameReady(since: start)
                return pace.waited(since: start)
            } catch HTTPError.timeout {
                pace.waited(since: start)
                let leftNow = unsentBytes
                pace.moved(max(0, left - leftNow))
                left = leftNow
                if pace.isUsedUp { throw HTTPError.timeout("the answer was not read in time") }
            }
        }
    }

    /// Bytes that the peer has not acknowledged yet.
    private var unsentBytes: Int {
        var count: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
    }

    // MARK: - End

    /// Says one thing that fits the kernel's buffer, and closes.
    func refuse(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
        close()
    }

    /// Tells the peer that nothing more is sent; it can still be read from.
    func finishWriting() {
        state.withLock { if !$0.isClosed { _ = shutdown(descriptor, Int32(SHUT_WR)) } }
    }

    /// Ends what comes: after what is there already, every read finds the end of the stream. Answers can still be sent.
    func endReading() {
        state.withLock { if !$0.isClosed { _ = shutdown(descriptor, Int32(SHUT_RD)) } }
    }

    /// Ends the connection under whoever uses it: every wait, now and later, finds it ended.
    func abort() {
        state.withLock { if !$0.isClosed { _ = shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    /// Gives the descriptor back. Nothing else may be called after that but ``abort()``.
    /// - Parameter done: called when it has been given back by this call.
    func close(_ done: @escaping @Sendable () -> Void = {}) {
        let waiter = state.withLock { state -> SocketWaiter? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            if let place = state.place { ReadinessPoller.shared.remove(place) }
            state.timer?.cancel()
            state.timer = nil
            // Whoever still looks at the descriptor does so under the lock, and finds it closed after that.
            _ = Foundation.close(descriptor)
            queue.async(execute: done)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.fail(.connectionLost)
    }

    // MARK: - Waiting

    private func wait(_ waiter: SocketWaiter) {
        let isRefused = state.withLock { state in
            guard !state.isClosed, state.waiter == nil else { return true }
            guard arm(for: waiter.events, &state) else { return true }
            state.waiter = waiter
            schedule(waiter.deadline, &state)
            return false
        }
        if isRefused { waiter.fail(.connectionLost) }
    }

    /// Has ``becameReady()`` called when it can be read from, or written to. While the lock is held.
    private func arm(for events: Int32, _ state: inout State) -> Bool {
        if state.place == nil { state.place = ReadinessPoller.shared.add(descriptor) { [weak self] in self?.becameReady() } }
        guard let place = state.place else { return false }
        return ReadinessPoller.shared.arm(place, for: events)
    }

    /// Reads what there is for whoever waits for it, or tells that there is room to write.
    private func becameReady() {
        let resume = state.withLock { state -> (@Sendable () -> Void)? in
            guard !state.isClosed, let waiter = state.waiter else { return nil }
            switch waiter {
            case .read(let limit, _, let continuation):
                do throws(HTTPError) {
                    guard let bytes = try receive(limit) else {
                        guard !arm(for: POLLIN, &state) else { return nil }
                        throw .connectionLost
                    }
                    state.waiter = nil
                    return { continuation.resume(returning: bytes) }
                } catch {
                    state.waiter = nil
                    return { continuation.resume(throwing: error) }
                }
            case .write(_, let continuation):
                state.waiter = nil
                return { continuation.resume() }
            }
        }
        resume?()
    }

    /// Makes sure the timer fires at `deadline` or before; when it fires too early it is set again then. So a busy connection
    /// does not set its timer for every chunk.
    private func schedule(_ deadline: DispatchTime, _ state: inout State) {
        if let set = state.timerDeadline, set <= deadline { return }
        state.timerDeadline = deadline
        if let timer = state.timer {
            timer.schedule(deadline: deadline)
            return
        }
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: deadline)
        timer.setEventHandler { [weak self] in self?.timerFired() }
        timer.resume()
        state.timer = timer
    }

    private func timerFired() {
        let waiter = state.withLock { state -> SocketWaiter? in
            guard !state.isClosed else { return nil }
            state.timerDeadline = nil
            guard let waiter = state.waiter else { return nil }
            guard waiter.deadline <= .now() else {
                schedule(waiter.deadline, &state)
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.fail(.timeout("nothing came in time"))
    }
}
