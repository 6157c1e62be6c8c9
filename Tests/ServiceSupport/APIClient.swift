import Documents
import Foundation
import FoundationNetworking
import Testing

/// A client of a service at some address. It keeps its connections; they close with it.
package final class APIClient: Sendable {
    package let base: String
    /// What every answer is held against, where it is known.
    private let description: Description?
    private let session: URLSession

    package init(base: String, description: Description? = nil) {
        self.base = base
        self.description = description
        let configuration = URLSessionConfiguration.ephemeral
        // However slow the machine.
        configuration.timeoutIntervalForRequest = 600
        session = URLSession(configuration: configuration)
    }

    deinit { session.finishTasksAndInvalidate() }

    /// Sends a request.
    package func send(
        _ method: String, _ path: String, body: Data? = nil, type: String = "application/octet-stream", headers: [String: String] = [:]
    ) async throws -> World.Answer {
        var request = URLRequest(url: try #require(URL(string: base + path)))
        request.httpMethod = method
        request.httpBody = body
        if body != nil { request.setValue(type, forHTTPHeaderField: "Content-Type") }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await session.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        let fields = http.allHeaderFields.map { ("\($0.key)".lowercased(), "\($0.value)") }
        let answer = World.Answer(status: http.statusCode, headers: Dictionary(fields) { first, _ in first }, data: data)
        description?.check(answer, to: method, path)
        return answer
    }

    package func get(_ path: String) async throws -> World.Answer { try await send("GET", path) }

    package func post(_ path: String, _ json: JSON) async throws -> World.Answer {
        try await send("POST", path, body: Data(json.compact.utf8), type: "application/json")
    }

    /// Uploads and returns the identifier.
    package func upload(_ path: String, _ body: Data) async throws -> String {
        let answer = try await send("POST", path, body: body)
        try #require(answer.status == 201, "\(answer.detail)")
        return try #require(answer.json["id"]?.text)
    }

    /// Where an answer says that an upload is; it says it in full, as tus clients have it of other servers.
    package func location(_ answer: World.Answer) throws -> String {
        let location = try #require(answer.headers["location"])
        try #require(location.hasPrefix(base + "/v1/uploads/upl_"), "\(location)")
        return String(location.dropFirst(base.count))
    }

    /// The job once it has ended, which its stream of events tells by ending: a client that polls takes the processor that the job needs.
    package func finished(_ id: String) async throws -> JSON {
        while true {
            let job = try await get("/v1/jobs/\(id)").json
            if !["queued", "running", "paused"].contains(job.status) { return job }
            let stream = try await send("GET", "/v1/jobs/\(id)/events", headers: ["Accept": "text/event-stream"])
            // Where there are as many streams as there may be, it is asked again.
            if stream.status == 503 { await Task.yield() }
        }
    }

    /// Polls a job until it is as `condition` wants it, or has ended.
    package func job(_ id: String, until condition: (JSON) -> Bool) async throws -> JSON {
        while true {
            let job = try await get("/v1/jobs/\(id)").json
            if condition(job) || ["succeeded", "failed", "cancelled"].contains(job.status) { return job }
            await Task.yield()
        }
    }
}

extension JSON {
    /// A job's status.
    package var status: String { self["status"]?.text ?? "" }
}
