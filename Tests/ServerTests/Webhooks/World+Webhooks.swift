import Documents
import Server
import ServiceSupport
import Testing

/// Jobs that name a receiver.
extension World {
    /// What its receiver and the server share.
    static let webhookSecret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0"

    /// Settings under which receivers on this machine are told.
    static func open(_ delays: [Double]) -> (inout Configuration) -> Void {
        { settings in
            settings.allowPrivateWebhooks = true
            settings.webhookDelays = delays
            // However slow the machine.
            settings.webhookPatience = 600
        }
    }

    /// A job that needs nothing but a checkpoint.
    func job(tellingTo url: String, _ more: [String: JSON] = [:]) async throws -> JSON {
        let checkpoint: JSON
        if let given = more["checkpoint"] {
            checkpoint = given
        } else {
            checkpoint = .string(try await upload("/v1/checkpoints", Samples.archive(Samples.unet())))
        }
        let request: JSON = [
            "checkpoint": checkpoint, "pruning": ["method": "magnitude"],
            "webhook": ["url": .string(url), "secret": .string(Self.webhookSecret)],
        ]
        let answer = try await post("/v1/jobs", request.replacing(more))
        try #require(answer.status == 201, "\(answer.detail)")
        return answer.json
    }

    /// The job's webhook once it is told of, or given up.
    func told(_ id: String) async throws -> JSON {
        while true {
            let webhook = try await get("/v1/jobs/\(id)").json["webhook"] ?? .null
            if ["delivered", "failed"].contains(webhook.status) { return webhook }
            await Task.yield()
        }
    }
}
