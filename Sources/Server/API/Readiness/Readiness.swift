import Dispatch
import HTTPTypes
import Logging
import Storage
import Synchronization

/// Whether the server can do its work, and which part of it cannot.
///
/// Anyone may ask, as often as they like: it is looked at most once a second, by a thread of its own, and whoever asks meanwhile gets what
/// was found. The database's pages are read as a whole ten seconds apart at least, and so that it takes a fiftieth of the time at most.
package final class Readiness: Sendable {
    /// How often it is looked, and how long that is waited for; in seconds.
    package struct Pace: Sendable {
        /// From one look to the next.
        package var look = 1.0
        /// That whoever asks waits for a look.
        package var patience = 2.0
        /// From one reading of the whole database to the next.
        package var examination = 10.0
        /// The same for each second that the last one took: a fiftieth of the time goes into reading.
        package var examinationRest = 49.0
        /// That a look waits for that; else what it finds is told by a later one.
        package var examinationPatience = 0.25

        package init() {}
    }

    package typealias Troubles = [ReadyPart: StoreTrouble]

    private struct State {
        var troubles: Troubles = [:]
        /// When that was looked at; nil before the first time.
        var lookedAt: DispatchTime?
        /// What is being looked at.
        var looking: ReadyPart?
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextNumber = 0
        var isExamining = false
        var examined: (trouble: StoreTrouble?, next: DispatchTime, faults: Int)?
        /// What the log was told last.
        var told: Troubles = [:]
    }

    private let database: Database
    private let reserve: Int64
    private let pace: Pace
    private let freeBytes: @Sendable () throws -> Int64?
    private let queueTrouble: @Sendable () -> StoreTrouble?
    private let logger: Logger
    private let state = Mutex(State())
    private let looks = DispatchQueue(label: "readiness")
    private let examinations = DispatchQueue(label: "readiness.database")

    /// - Parameters:
    ///   - reserve: bytes that must be free.
    ///   - freeBytes: how many are; nil where that is not known.
    ///   - queueTrouble: what is wrong with whoever takes the jobs.
    package init(
        _ database: Database, reserve: Int64, pace: Pace = Pace(), freeBytes: (@Sendable () throws -> Int64?)? = nil,
        queueTrouble: @escaping @Sendable () -> StoreTrouble? = { nil }, logger: Logger
    ) {
        self.database = database
        self.reserve = reserve
        self.pace = pace
        self.freeBytes = freeBytes ?? { try database.freeBytes() }
        self.queueTrouble = queueTrouble
        self.logger = logger
    }

    /// What is wrong now, or was a moment ago; empty when all is well.
    package func troubles() async -> Troubles {
        let number = state.withLock { state -> Int in
            state.nextNumber += 1
            return state.nextNumber
        }
        await withCheckedContinuation { continuation in
            enum Next { case answer, wait, look }
            let next = state.withLock { state -> Next in
                if let time = state.lookedAt, state.looking == nil, DispatchTime.now() < time + pace.look { return .answer }
                state.waiting[number] = continuation
                guard state.looking == nil else { return .wait }
                state.looking = .folder
                return .look
            }
            if next == .answer { return continuation.resume() }
            if next == .look { looks.async { self.look() } }
            DispatchQueue.global().asyncAfter(deadline: .now() + pace.patience) { [weak self] in self?.giveUp(number) }
        }
        return state.withLock { state in
            guard let part = state.looking, state.lookedAt.map({ $0 + pace.look + pace.patience < .now() }) ?? true else {
                return state.troubles
            }
            return state.troubles.merging([part: StoreTrouble("does not answer", "nothing within \(pace.patience) s")]) { $1 }
        }
    }

    private func giveUp(_ number: Int) { state.withLock { $0.waiting.removeValue(forKey: number) }?.resume() }

    private func look() {
        var troubles: Troubles = [:]
        func note(_ part: ReadyPart, _ find: () -> StoreTrouble?) {
            state.withLock { $0.looking = part }
            troubles[part] = find()
        }
        note(.folder) { database.folderTrouble() }
        note(.disk, diskTrouble)
        note(.queue, queueTrouble)
        note(.database) { database.databaseTrouble() ?? pagesTrouble() }
        let (waiting, before) = state.withLock { state in
            state.lookedAt = .now()
            state.looking = nil
            state.troubles = troubles
            defer {
                state.waiting = [:]
                state.told = troubles
            }
            return (state.waiting.values, state.told)
        }
        for part in ReadyPart.allCases where troubles[part]?.detail != before[part]?.detail {
            if let trouble = troubles[part] {
                logger.error("not ready: \(part.rawValue) \(trouble.cause)")
            } else {
                logger.notice("ready again: \(part.rawValue)")
            }
        }
        for continuation in waiting { continuation.resume() }
    }

    private func diskTrouble() -> StoreTrouble? {
        do {
            // A file system that does not tell is not full.
            guard let free = try freeBytes() else { return nil }
            return free >= reserve ? nil : StoreTrouble("is full", "\(free) bytes are free, \(reserve) are kept")
        } catch {
            // The folder says more about that.
            return nil
        }
    }

    /// What the last reading of the whole database found; another one is begun where it is time.
    private func pagesTrouble() -> StoreTrouble? {
        let faults = database.faultCount
        let done = DispatchSemaphore(value: 0)
        let isDue = state.withLock { state in
            if state.isExamining { return false }
            if let examined = state.examined, examined.faults == faults, DispatchTime.now() < examined.next { return false }
            state.isExamining = true
            return true
        }
        if isDue {
            examinations.async { [self] in
                let start = DispatchTime.now()
                let trouble = database.examineFile()
                let seconds = Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
                state.withLock { state in
                    state.examined = (trouble, .now() + max(pace.examination, pace.examinationRest * seconds), faults)
                    state.isExamining = false
                }
                done.signal()
            }
            _ = done.wait(timeout: .now() + pace.examinationPatience)
        }
        return state.withLock { $0.examined?.trouble }
    }
}
