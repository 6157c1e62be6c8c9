import Dispatch
import Documents
import Foundation
import HTTP
import HTTPTypes
import Jobs
import Logging
import Storage

/// Version 1 of the HTTP contract: what every resource shares.
struct API: Sendable {
    let database: Database
    /// What requests may take.
    let memory: RequestMemory
    let uploads: Uploads
    /// What a job may use of the machine.
    let resources: JobResources
    /// Called when there is a new job.
    let wakeWorkers: @Sendable () -> Void
    /// What `/healthz` tells.
    let health: JSON
    /// What `/readyz` tells.
    let readiness: Readiness
    /// Lets requests in by their tokens.
    let access: Access
    /// Whether webhooks may lead to addresses that are not public.
    let allowsPrivateWebhooks: Bool
    /// The creating requests that are being answered.
    let keysInUse = KeysInUse()
    /// Places for those who follow a job's events.
    let eventStreams: Slots
    /// Answers that are asked for again and again.
    let answers: AnswerCache
    /// What is counted.
    let metrics: ServiceMetrics
    /// What is read when the metrics are asked for.
    let scrape: Scrape

    /// Adds a route whose handler may throw any layer's errors. It is asked only with the query parameters that `operation` describes.
    func on(
        _ routes: inout Routes, _ method: HTTPRequest.Method, _ pattern: String, _ operation: Operation,
        _ handler: @escaping @Sendable (Request) async throws -> Response
    ) {
        let metrics = metrics.http.route(method, pattern, statuses: OpenAPIDocument.statuses(operation))
        routes.add(method, pattern, operation) { request in
            let start = DispatchTime.now()
            do {
                let token = try access.check(request)
                try operation.check(request.target.query)
                var request = request
                let received = try access.receiving(request, by: token)
                if let received { request.body = received.body }
                if let digests = try DigestFields(request.fields) { request.body = digests.verified(request.body) }
                var response = try await handler(request)
                // What strangers uploaded comes from the page's own origin: no browser may take it for something that runs.
                response.fields[.xContentTypeOptions] = "nosniff"
                try access.answering(request, by: token, received, with: &response)
                metrics.answered(request.method, response.status.code, since: start)
                return response
            } catch HTTPError.connectionLost {
                metrics.aborted(request.method)
                throw HTTPError.connectionLost
            } catch {
                guard let response = (error as? any RespondingError ?? APIError(error))?.response() else {
                    metrics.answered(request.method, 500, since: start)
                    throw error
                }
                metrics.answered(request.method, response.status.code, since: start)
                return response
            }
        }
    }

    /// For whom a request stores or queues something; nil where there are no tokens.
    func owner(of request: Request) throws -> Owner? { try access.token(of: request).map(Owner.init) }

    /// The largest JSON body, in bytes: a plan of a network of a hundred thousand channels takes two or three million.
    private static let largestJSON = 8 << 20
    /// Values in a JSON body: a plan has one for every channel that stays, and some for every group and member.
    private static let mostValues = 200_000
    /// Members of an object in a JSON body; no object has more fields than a few dozen.
    private static let mostMembers = 1000

    /// What `read` makes of a JSON body, with the share of memory that holds it; the document itself goes then.
    ///
    /// Whatever is not small is on the disk until its client has sent all of it: slow ones hold no memory that others wait for.
    /// - Throws: ``APIError`` 400 `invalid_json`; ``RequestMemoryError``.
    func json<Value>(_ request: Request, _ read: (JSON) throws -> Value) async throws -> (value: Value, share: MemoryShare) {
        let body = try request.body.limited(to: Int64(Self.largestJSON))
        let bytes: [UInt8]
        let share: MemoryShare
        if let length = body.length, length <= RequestMemory.trifle {
            bytes = try await body.collect(limit: length)
            share = try await memory.admitted(for: "the request")
        } else {
            let file = try await uploads.receive(body, hashing: false).file
            // What is made of it is kept beside it: as a request, and as text to be stored and compared.
            share = try await memory.admitted(4 * Int(file.size), for: "a body of \(file.size) bytes")
            bytes = Array(try Data(contentsOf: file.url))
        }
        func parsed() throws -> Value {
            do {
                return try read(try JSON(parsing: bytes, maximumValues: Self.mostValues, maximumMembers: Self.mostMembers))
            } catch let error as JSONError {
                throw APIError(.badRequest, "invalid_json", "the body is not JSON: \(error.explained(in: bytes))")
            }
        }
        guard bytes.count > RequestMemory.trifle else { return (try parsed(), share) }
        let cost = JSON.parsingCost(bytes: bytes.count, maximumValues: Self.mostValues)
        return try await BackgroundExecutor.run { (try memory.work(cost, for: "a body of \(bytes.count) bytes", parsed), share) }
    }

    /// One page of a list by `?limit=20&after=ID`.
    /// - Parameter cached: what the list is called among the ``answers``, where it is asked for often enough.
    func page<Item>(
        _ request: Request, cached: String? = nil, id: (Item) -> String, payload: (Item) throws -> JSON,
        list: (_ limit: Int, _ after: String?) throws -> Page<Item>
    ) throws -> Response {
        var limit = 20
        if let text = request.query("limit") {
            guard let number = ASCII.digits(text), (1...100).contains(number) else {
                throw APIError(.badRequest, "invalid_limit", "limit must be a whole number between 1 and 100")
            }
            limit = number
        }
        let after = request.query("after")
        func bytes() throws -> [UInt8] {
            let page = try list(limit, after)
            let json: JSON = [
                "object": "list", "data": .array(try page.items.map(payload)), "has_more": .bool(page.hasMore),
                "first_id": .optional(page.items.first.map(id)), "last_id": .optional(page.items.last.map(id)),
            ]
            return Array(json.compact.utf8)
        }
        guard let cached else { return .json(try bytes()) }
        return .json(try answers.bytes("\(cached) \(limit)\(after.map { " \($0)" } ?? "")", bytes))
    }
}
