import Dispatch
import Engine
import Foundation
import HTTPTypes
import Logging
import Storage

/// Version 1 of the HTTP contract: what every resource shares.
struct API: Sendable {
    let database: Database
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
    let eventStreams = Slots(JobEventStream.limit)
    /// Answers that are asked for again and again.
    let answers: AnswerCache
    /// What is counted.
    let metrics: ServiceMetrics
    /// What is read when the metrics are asked for.
    let scrape: Scrape

    /// All routes.
    var routes: Routes {
        var routes = Routes()
        addCheckpoints(&routes)
        addDatasets(&routes)
        addUploads(&routes)
        addJobs(&routes)
        addReport(&routes)
        addDashboard(&routes)
        addHealth(&routes)
        addMetrics(&routes)
        addDescription(&routes)
        return routes
    }

    /// Adds a route whose handler may throw any layer's errors.
    func on(
        _ routes: inout Routes, _ method: HTTPRequest.Method, _ pattern: String, _ operation: Operation,
        _ handler: @escaping @Sendable (Request) async throws -> Response
    ) {
        let metrics = metrics.http.route(method, pattern, operation)
        routes.add(method, pattern, operation) { request in
            let start = DispatchTime.now()
            do {
                let token = try access.check(request)
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

    /// A JSON body, read whole.
    ///
    /// - Throws: ``APIError`` 400 `invalid_json`.
    func json(_ request: Request) async throws -> JSON {
        let bytes = try await request.body.collect(limit: 16 << 20)
        do { return try JSON(parsing: bytes) } catch {
            throw APIError(.badRequest, "invalid_json", "the body is not JSON: \(error)")
        }
    }

    /// One page of a list by `?limit=20&after=ID`.
    /// - Parameter cached: what the list is called among the ``answers``, where it is asked for often enough.
    func page<Item>(
        _ request: Request, cached: String? = nil, id: (Item) -> String, payload: (Item) throws -> JSON,
        list: (_ limit: Int, _ after: String?) throws -> Page<Item>
    ) throws -> Response {
        var limit = 20
        if let text = request.query("limit") {
            guard let number = Self.digits(text), (1...100).contains(number) else {
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

    /// A whole number of digits only: no sign, no space.
    static func digits(_ text: String) -> Int? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }
}

extension Request {
    /// A value that the route's pattern captured.
    func parameter(_ name: String) -> String { parameters[name] ?? "" }
}

extension Response {
    /// A JSON answer.
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]) -> Response {
        .json(Array(json.compact.utf8), status: status, fields: fields)
    }

    /// A JSON answer that is written already.
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]) -> Response {
        var fields = fields
        fields[.contentType] = "application/json"
        return Response(status: status, fields: fields, body: .bytes(bytes))
    }
}
