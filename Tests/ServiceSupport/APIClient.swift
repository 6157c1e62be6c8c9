import Documents
import Foundation
import HTTP
import Synchronization
import TestSupport
import Testing

/// A client of a service at some address. It keeps its connections; they close with it.
///
/// Not by URLSession: that waits for its connections by Dispatch, which crashes now and then where a peer is gone (see ``ReadinessPoller``),
/// and in these tests servers are killed.
package final class APIClient: Sendable {
    /// One connection.
    ///
    /// Sendable: whoever has taken it out of `idle` has it alone.
    private struct Line: @unchecked Sendable {
        // By no proxy.
        let client = HTTPClient(mayConnect: { _ in true })
    }

    /// Seconds, however slow the machine.
    private static let patience = 600
    /// Bytes of an answer.
    private static let limit = 1 << 30

    package let base: String
    /// What every answer is held against, where it is known.
    private let description: Description?
    private let idle = Mutex<[Line]>([])

    package init(base: String, description: Description? = nil) {
        self.base = base
        self.description = description
    }

    /// Sends a request.
    package func send(
        _ method: String, _ path: String, body: Data? = nil, type: String = "application/octet-stream", headers: [String: String] = [:]
    ) async throws -> World.Answer {
        var fields = headers
        if body != nil { fields["Content-Type"] = fields["Content-Type"] ?? type }
        // libcurl would ask whether a large body is wanted.
        fields["Expect"] = fields["Expect"] ?? ""
        let answer = try await exchange(method, path, fields, body)
        description?.check(answer, to: method, path)
        return answer
    }

    private func exchange(_ method: String, _ path: String, _ fields: [String: String], _ body: Data?) async throws -> World.Answer {
        let line = idle.withLock { $0.popLast() } ?? Line()
        line.client.connectTimeout = Self.patience
        line.client.stallTimeout = Self.patience
        let answer = try await onAThread { [base] in
            let request = ClientRequest(
                method, base + path, fields: fields.map { ($0.key, $0.value) }, body: body.map { .bytes(Array($0)) } ?? .none)
            let answer = try line.client.send(request, limit: Self.limit)
            return World.Answer(
                status: answer.status,
                headers: Dictionary(answer.fields.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }, data: Data(answer.body))
        }
        idle.withLock { $0.append(line) }
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
