import Documents
import HTTPTypes
import Jobs

/// The description of all routes, OpenAPI 3.1.
struct OpenAPIDocument {
    let routes: Routes

    /// What any route may be refused with, whatever it does.
    private static let everywhere: [Operation.Refusal] = [
        .init(400, "malformed_request"), .init(400, "unknown_parameter"), .init(401, "unauthorized"), .init(403, "insufficient_scope"),
        .init(403, "foreign_origin"), .init(408, "request_timeout"), .init(413, "body_too_large"),
        .init(414, "target_too_long"), .init(417, "expectation_failed"), .init(421, "misdirected_request"), .init(431, "head_too_large"),
        .init(500, "internal_error"), .init(501, "not_implemented"), .init(503, "busy"), .init(505, "version_not_supported"),
    ]

    /// What a body that a client gave the digest of may be refused with.
    private static let digests: [Operation.Refusal] = [.init(400, "invalid_digest"), .init(400, "digest_mismatch")]

    private static let digestFields: [Operation.Parameter] = ["Content-Digest", "Repr-Digest"].map { name in
        .field(name, "The body's digest, which is checked (RFC 9530): `sha-256=:…:`.", .text())
    }

    /// What an operation may answer with, in the order in which it is told of.
    static func statuses(_ operation: Operation) -> [Int] {
        let all = operation.answers.map(\.status) + (operation.refusals + everywhere + digests).map(\.status)
        return all.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The document.
    var json: JSON {
        var paths: [(path: String, methods: [JSON.Member])] = []
        for (method, pattern, operation) in routes.operations {
            // A template has no word for the rest of a path.
            let path = pattern.replacing("...}", with: "}")
            let member = JSON.Member(method.rawValue.lowercased(), json(operation, pattern: pattern))
            if let index = paths.firstIndex(where: { $0.path == path }) {
                paths[index].methods.append(member)
            } else {
                paths.append((path, [member]))
            }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "pruner", "version": .string(Program.version), "summary": "Makes diffusion models smaller.",
                "license": ["name": "Apache 2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(paths.map { .init($0.path, .object($0.methods)) }),
            "components": [
                "schemas": Self.schemas, "responses": Self.sharedResponses,
                "headers": [
                    "RequestId": [
                        "required": true, "schema": .text(limit: 128),
                        "description": "Names the request in the server's log: the client's own X-Request-Id, or one of the server's.",
                    ]
                ],
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer", "description": "Of `pruner token create`."]],
            ],
            "security": [["token": []], [:]],
        ]
    }

    /// `Resources/schemas.json`.
    private static var schemas: JSON {
        guard let schemas = try? JSON(parsing: PackageResources.schemas_json) else { preconditionFailure("schemas.json is not JSON") }
        return schemas
    }

    private func json(_ operation: Operation, pattern: String) -> JSON {
        var members: [JSON.Member] = [
            .init("operationId", .string(operation.id)), .init("summary", .string(operation.summary)),
            .init("tags", [.string(Self.tag(pattern))]),
        ]
        let fields = operation.parameters + (operation.bodies.isEmpty ? [] : Self.digestFields)
        let parameters = Self.pathParameters(pattern) + fields.map(Self.json)
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters))) }
        if !operation.bodies.isEmpty { members.append(.init("requestBody", ["content": Self.json(operation.bodies)])) }
        members.append(.init("responses", .object(Self.responses(operation))))
        return .object(members)
    }

    /// The collection that a path belongs to.
    private static func tag(_ pattern: String) -> String {
        let segments = pattern.split(separator: "/")
        return segments.first == "v1" && segments.count > 1 ? String(segments[1]) : "operations"
    }

    private static func pathParameters(_ pattern: String) -> [JSON] {
        pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map { segment in
            let name = String(segment.dropFirst().dropLast()).replacing("...", with: "")
            let schema: JSON = ["type": "string", "minLength": 1]
            return ["name": .string(name), "in": "path", "required": true, "schema": schema]
        }
    }

    private static func json(_ parameter: Operation.Parameter) -> JSON {
        [
            "name": .string(parameter.name), "in": .string(parameter.place), "required": .bool(parameter.isRequired),
            "description": .string(parameter.detail), "schema": parameter.schema,
        ]
    }

    private static func json(_ contents: [Operation.Content]) -> JSON {
        .object(contents.map(member))
    }

    private static func member(_ content: Operation.Content) -> JSON.Member {
        .init(content.type, content.schema == [:] ? [:] : ["schema": content.schema])
    }

    private static func responses(_ operation: Operation) -> [JSON.Member] {
        let refusals = operation.refusals + (operation.bodies.isEmpty ? [] : digests)
        let own = Dictionary(grouping: refusals, by: \.status)
        let shared = Dictionary(grouping: everywhere, by: \.status)
        let answers = operation.answers.map { answer -> JSON.Member in
            // A status may be both an answer of its own and what any route may be refused with.
            let refused = (own[answer.status] ?? []) + (shared[answer.status] ?? [])
            let contents = answer.contents.map(member) + (refused.isEmpty ? [] : [content(refused)])
            var members: [JSON.Member] = [.init("description", .string(answer.detail))]
            let fields = answer.fields.map { JSON.Member($0, ["required": true, "schema": .text()]) }
            members.append(.init("headers", .object(fields + [requestID])))
            if !contents.isEmpty { members.append(.init("content", .object(contents))) }
            return .init(String(answer.status), .object(members))
        }
        return answers
            + Set(own.keys).union(shared.keys).subtracting(operation.answers.map(\.status)).sorted().map { status in
                guard let own = own[status] else { return .init(String(status), ["$ref": .string("#/components/responses/\(status)")]) }
                return .init(String(status), problem(own + (shared[status] ?? [])))
            }
    }

    /// Every answer has it.
    private static let requestID = JSON.Member("X-Request-Id", ["$ref": "#/components/headers/RequestId"])

    /// The refusals that every route has, by status.
    private static var sharedResponses: JSON {
        let shared = Dictionary(grouping: everywhere, by: \.status).sorted { $0.key < $1.key }
        return .object(shared.map { .init(String($0.key), problem($0.value)) })
    }

    /// The answer with one of these codes.
    private static func problem(_ refusals: [Operation.Refusal]) -> JSON {
        [
            "description": .string(codes(refusals).map { "`\($0)`" }.joined(separator: ", ")), "headers": .object([requestID]),
            "content": .object([content(refusals)]),
        ]
    }

    private static func content(_ refusals: [Operation.Refusal]) -> JSON.Member {
        let words = JSON.array(codes(refusals).map(JSON.string))
        let schema: JSON = ["allOf": [.schema("Problem"), ["properties": ["code": ["enum": words]]]]]
        return .init("application/problem+json", ["schema": schema])
    }

    /// Twice said is said once.
    private static func codes(_ refusals: [Operation.Refusal]) -> [String] {
        refusals.reduce(into: []) { if !$0.contains($1.code) { $0.append($1.code) } }
    }
}
