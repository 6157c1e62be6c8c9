import ArgumentParser
import Documents
import Foundation

/// Shows a job at a server until it has ended.
struct JobWatch {
    let client: ServiceClient
    let screen: Screen
    /// Told every event; nil shows progress alone.
    var tellEvent: ((JSON) -> Void)?

    /// Returns the job as it ended. A signal ends the watching; the job goes on.
    func watch(_ id: String) throws -> JSON {
        let signals = EndSignals { [screen] number in
            screen.clear()
            screen.note("the job goes on at the server: pruner logs \(id) --follow")
            _exit(EndSignals.status(number))
        }
        defer { signals.end() }
        let job = try JobFollower(
            client: client, tellEvent: { tellEvent?($0) }, tellProgress: { screen.show($0) }, tellTrouble: { screen.note($0) }
        ).follow(id)
        screen.clear()
        return job
    }

    /// - Throws: ``CommandFailure`` unless the job has done what it was asked for.
    static func check(_ job: JSON) throws {
        switch job["status"]?.word {
        case "failed":
            let (detail, code) = (job["error"]?["detail"]?.word ?? "", job["error"]?["code"]?.word ?? "")
            throw CommandFailure(.failed, "the job failed: \(detail) (\(code))")
        case "cancelled": throw CommandFailure(.failed, "the job was cancelled")
        default: break
        }
    }
}
