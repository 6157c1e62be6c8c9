import Synchronization

@testable import HTTP

/// Runs tasks on the thread that waits for them: libFuzzer knows one thread, and changing between two takes longer than an input.
private final class Loop: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    func run() {
        while let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

/// Runs what suspends, but waits for nothing outside, to its end.
private func finish<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) -> Result {
    let loop = Loop()
    let result = Mutex<Result?>(nil)
    Task(executorPreference: loop) {
        let found = await body()
        result.withLock { $0 = found }
    }
    loop.run()
    guard let found = result.withLock({ $0 }) else { fatalError("finding: a form is never read to its end") }
    return found
}

/// The parts of a form, a line each; the last line is its refusal.
private func parts(_ bytes: [UInt8], type: String, pieces: Int) async -> [String] {
    var lines: [String] = []
    do {
        let reader = try MultipartReader(RequestBody(bytes: bytes, chunk: pieces), contentType: type)
        while let part = try await reader.nextPart() {
            var content: [UInt8] = []
            // Every third is left unread.
            if lines.count % 3 != 2 { while let chunk = try await part.body.next() { content += chunk } }
            lines.append("\(part.name) \(part.filename ?? "-") \(part.fields.count) \(content)")
        }
    } catch {
        lines.append("\(error)")
    }
    return lines
}

/// A form whose `Content-Type` is the input's first line.
@Sendable func formIsReadAlikeHoweverItIsSplit(_ bytes: [UInt8]) {
    let end = bytes.firstIndex(of: 0x0A) ?? bytes.count
    guard let type = String(validating: bytes[..<end], as: UTF8.self) else { return }
    let body = Array(bytes[min(bytes.count, end + 1)...])
    let found = finish {
        await (parts(body, type: type, pieces: 65536), parts(body, type: type, pieces: 1), parts(body, type: type, pieces: 5))
    }
    require(found.0 == found.1 && found.0 == found.2, "a form in small pieces is read otherwise")
}
