import Documents
import Foundation
import ServiceSupport
import Testing

/// `/openapi.json` says what the server does: no route more or less, and no default that is another.
@Suite struct DescriptionTests {
    @Test func everyRouteIsDescribedAndNothingElse() async throws {
        try await World.with { world in
            let document = try await world.get("/openapi.json").json
            #expect(document["openapi"] == "3.1.0")
            let description = Description(document: document)
            #expect(description.paths.count > 15)
            for (template, methods) in description.paths {
                let path = template.replacing("{id}", with: "x").replacing("{name}", with: "x").replacing("{path}", with: "x")
                let answer = try await world.send("PUT", path)
                #expect(answer.status == 405)
                var described = Set(methods.keys)
                if described.contains("GET") { described.insert("HEAD") }
                #expect(answer.headers["allow"] == described.sorted().joined(separator: ", "), "\(template)")
            }
        }
    }

    @Test func everyReferenceLeadsSomewhere() async throws {
        try await World.with { world in
            let document = try await world.get("/openapi.json").json
            let description = Description(document: document)
            var operations: [String] = []
            func walk(_ json: JSON) {
                if let reference = json["$ref"]?.text { #expect(description.resolved(json) != .null, "\(reference)") }
                if let id = json["operationId"]?.text { operations.append(id) }
                switch json {
                case .array(let items): items.forEach(walk)
                case .object(let members): members.forEach { walk($0.value) }
                default: break
                }
            }
            walk(document)
            #expect(Set(operations).count == operations.count)
        }
    }

    /// The check that every answer in these tests goes through.
    @Test(arguments: [
        ("GET", "/healthz", 418, "{}"), ("GET", "/healthz", 200, "{}"), ("GET", "/healthz", 201, "{}"), ("GET", "/nowhere", 200, "{}"),
        ("PUT", "/v1/jobs", 200, "{}"), ("GET", "/v1/jobs?n=1", 200, "{}"), ("GET", "/readyz", 200, #"{"status":"ready","more":1}"#),
        ("GET", "/readyz", 200, #"{"status":"unready"}"#), ("GET", "/v1/jobs/x", 404, #"{"code":"gone"}"#),
    ])
    func whatIsNotDescribedIsFound(method: String, path: String, status: Int, body: String) async throws {
        try await World.with { world in
            let description = Description(document: try await world.get("/openapi.json").json)
            let type = status < 300 ? "application/json" : "application/problem+json"
            let answer = World.Answer(status: status, headers: ["content-type": type, "x-request-id": "x"], data: Data(body.utf8))
            withKnownIssue { description.check(answer, to: method, path) }
        }
    }

    @Test func theDefaultsAreThoseDescribed() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(16))
            let request: JSON = [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset), "pruning": [:], "finetuning": [:],
                "evaluation": ["steps": 1],
            ]
            let answer = try await world.post("/v1/jobs?dry_run=true", request)
            #expect(answer.status == 200, "\(answer.detail)")
            let schemas = try #require(try await world.get("/openapi.json").json["components"]?["schemas"])
            for (section, name) in [("pruning", "Pruning"), ("finetuning", "Finetuning"), ("evaluation", "Evaluation")] {
                guard case .object(let properties) = schemas.at(name, "properties") else {
                    Issue.record("\(name) has no properties")
                    continue
                }
                for property in properties where property.name != "plan" && !(section == "evaluation" && property.name == "steps") {
                    let taken = answer.json.at("request", section, property.name)
                    guard let expected = property.value["default"] else { continue }
                    #expect(taken.double == expected.double && (expected.double != nil || taken == expected), "\(section) \(property.name)")
                }
            }
        }
    }
}
