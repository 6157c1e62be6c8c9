import Documents

/// What `/openapi.json` says of a route. It is given where the route is added: without it there is no route.
struct Operation: Sendable {
    /// A query parameter or a field of the request. Query parameters that an operation does not have are refused.
    struct Parameter: Sendable {
        let name: String
        /// `query` or `header`.
        let place: String
        let detail: String
        let schema: JSON
        let isRequired: Bool
    }

    /// A kind of body that is taken or given.
    struct Content: Sendable {
        let type: String
        let schema: JSON
    }

    /// An answer that is no problem.
    struct Answer: Sendable {
        let status: Int
        let detail: String
        var contents: [Content] = []
        /// Fields it always has.
        var fields: [String] = []
    }

    /// A problem, by its status and its code.
    struct Refusal: Sendable, Hashable {
        let status: Int
        let code: String

        init(_ status: Int, _ code: String) {
            self.status = status
            self.code = code
        }
    }

    /// The name that generated clients give it.
    let id: String
    /// One line.
    let summary: String
    var parameters: [Parameter] = []
    /// The bodies it takes; none when it takes no body.
    var bodies: [Content] = []
    var answers: [Answer]
    /// Problems beside those that every route has.
    var refusals: [Refusal] = []

    init(
        _ id: String, _ summary: String, parameters: [Parameter] = [], bodies: [Content] = [], answers: [Answer], refusals: [Refusal] = []
    ) {
        self.id = id
        self.summary = summary
        self.parameters = parameters
        self.bodies = bodies
        self.answers = answers
        self.refusals = refusals
    }

    /// What a download has besides: it is given in part or not at all, as the request wants it (RFC 9110, sections 13 and 14).
    var partial: Operation {
        var operation = self
        operation.parameters += ["Range", "If-Range", "If-Match", "If-None-Match"].map { .field($0, "RFC 9110.", .text()) }
        operation.answers += [
            .init(status: 206, detail: "A part of it.", contents: answers.flatMap(\.contents), fields: ["Content-Range"]),
            .init(status: 304, detail: "It is what the client has."),
        ]
        operation.refusals += [
            Refusal(412, "precondition_failed"), Refusal(416, "range_not_satisfiable"), Refusal(503, "too_many_downloads"),
        ]
        return operation
    }

    /// What a creating POST has besides: it happens once for each `Idempotency-Key`.
    var creating: Operation {
        var operation = self
        operation.parameters.append(
            .field(
                "Idempotency-Key", "The same request under the same key gets the first answer again, for a day.",
                ["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"]))
        operation.refusals += [
            Refusal(400, "invalid_idempotency_key"), Refusal(409, "idempotency_key_in_use"), Refusal(422, "idempotency_key_reused"),
        ]
        return operation
    }
}

extension Operation.Parameter {
    static func query(_ name: String, _ detail: String, _ schema: JSON) -> Operation.Parameter {
        .init(name: name, place: "query", detail: detail, schema: schema, isRequired: false)
    }

    static func field(_ name: String, _ detail: String, _ schema: JSON, isRequired: Bool = false) -> Operation.Parameter {
        .init(name: name, place: "header", detail: detail, schema: schema, isRequired: isRequired)
    }

    /// Of every list.
    static let page: [Operation.Parameter] = [
        .query("limit", "How many at most.", ["type": "integer", "minimum": 1, "maximum": 100, "default": 20]),
        .query("after", "The identifier after which the page begins.", .text()),
    ]
}

extension Operation.Content {
    /// JSON with a schema of `Resources/schemas.json`.
    static func json(_ schema: String) -> Operation.Content { .init(type: "application/json", schema: .schema(schema)) }

    /// An archive, whatever it says it is: its bytes tell.
    static let archives = ["application/octet-stream", "application/x-tar", "application/gzip", "application/zip"].map(binary)

    static func binary(_ type: String) -> Operation.Content { .init(type: type, schema: [:]) }
}

extension Operation.Answer {
    static func json(_ schema: String, _ detail: String, status: Int = 200, fields: [String] = []) -> Operation.Answer {
        .init(status: status, detail: detail, contents: [.json(schema)], fields: fields)
    }

    static func created(_ schema: String, fields: [String] = []) -> Operation.Answer {
        .json(schema, "It is stored.", status: 201, fields: ["Location"] + fields)
    }

    static func empty(_ detail: String, fields: [String] = []) -> Operation.Answer { .init(status: 204, detail: detail, fields: fields) }
}

extension Operation.Refusal {
    static let notFound = Operation.Refusal(404, "not_found")
    static let diskFull = Operation.Refusal(507, "disk_full")
    static let invalidRequest = Operation.Refusal(422, "invalid_request")
    static let invalidJSON = Operation.Refusal(400, "invalid_json")
    static let wrongState = Operation.Refusal(409, "wrong_state")
    static let checkpointDamaged = Operation.Refusal(409, "checkpoint_damaged")
    /// Of a POST that brings an archive, or names an upload.
    static let archive = file + [.init(422, "invalid_archive")]
    /// Of a POST that brings a file, or names an upload.
    static let file =
        [
            invalidJSON, invalidRequest, diskFull, .init(403, "storage_limit"), .init(422, "invalid_name"),
            .init(423, "upload_busy"),
        ] + memory
    /// Of what takes memory to be answered.
    static let memory = [Operation.Refusal(422, "too_much_memory"), .init(503, "busy")]
    static let page = [Operation.Refusal(400, "invalid_limit"), Operation.Refusal(400, "invalid_cursor")]
}

extension JSON {
    /// A reference to a schema of `Resources/schemas.json`.
    static func schema(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }

    /// The schema of a text.
    static func text(limit: Int? = nil) -> JSON {
        limit.map { ["type": "string", "maxLength": .integer($0)] } ?? ["type": "string"]
    }

    /// The schema of a choice of words.
    static func words(_ words: [String]) -> JSON { ["type": "string", "enum": .array(words.map(JSON.string))] }
}
