import Documents
import Engine
import Storage

extension Job {
    /// The API's job object.
    package func payload() throws -> JSON {
        let path = "/v1/jobs/\(id)"
        return [
            "id": .string(id), "object": "job", "name": .optional(name), "metadata": try JSON(parsing: Array(metadata.utf8)),
            "priority": .integer(priority), "status": .string(status.rawValue), "phase": .optional(phase?.rawValue),
            "progress": progress.map(Self.payload) ?? nil, "created_at": .string(createdAt.text),
            "started_at": .optional(startedAt?.text), "finished_at": .optional(finishedAt?.text), "attempt": .integer(attempt),
            "cancel_requested": .bool(cancelRequested), "pause_requested": .bool(pauseRequested),
            "request": try JSON(parsing: Array(request.utf8)),
            "result": ["checkpoint": .optional(status.isLive ? nil : resultCheckpoint), "pruned_checkpoint": .optional(resultPruned)],
            "warnings": warnings.map(\.warning).json,
            "webhook": webhook.map(Self.payload) ?? nil, "sweep": .optional(sweep),
            "error": failure.map { ["code": .string($0.code), "detail": .string($0.detail)] } ?? nil,
            "urls": [
                "self": .string(path), "events": .string("\(path)/events"), "metrics": .string("\(path)/metrics"),
                "cancel": .string("\(path)/cancel"), "pause": .string("\(path)/pause"), "resume": .string("\(path)/resume"),
            ],
        ]
    }

    /// What an event tells of a live job's progress; nil before there is any.
    package var liveProgress: JSON? {
        guard let progress else { return nil }
        return JSON.object([.init("object", "progress"), .init("job", .string(id)), .init("status", .string(status.rawValue))])
            .adding(Self.members(progress))
    }

    private static func payload(_ progress: JobProgress) -> JSON { .object(members(progress)) }

    private static func payload(_ webhook: JobWebhook) -> JSON {
        [
            "url": .string(webhook.url), "status": .string(webhook.status.rawValue), "attempts": .integer(webhook.attempts),
            "next_attempt_at": .optional(webhook.nextAttempt?.text), "error": .optional(webhook.trouble),
        ]
    }

    private static func members(_ progress: JobProgress) -> [JSON.Member] {
        [
            .init("phase", .string(progress.phase.rawValue)), .init("completed", .integer(progress.completed)),
            .init("total", .integer(progress.total)), .init("fraction", .double(progress.fraction)),
            .init("overall", .optional(progress.overall)), .init("eta_seconds", .optional(progress.remaining)),
        ]
    }
}

extension JobEvent {
    /// The API's event object.
    package func payload() throws -> JSON {
        [
            "id": .integer(Int(id)), "object": "event", "job": .string(job), "created_at": .string(time.text), "event": .string(event),
            "data": try JSON(parsing: Array(data.utf8)),
        ]
    }
}
