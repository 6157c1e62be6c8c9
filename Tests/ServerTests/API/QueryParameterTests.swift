import Documents
import Foundation
import ServiceSupport
import Testing

/// Query parameters that a route does not know, or that come twice, are refused: nothing is done that was not meant.
@Suite struct QueryParameterTests {
    @Test func noRouteTakesWhatItDoesNotDescribe() async throws {
        try await World.with { world in
            let document = try await world.get("/openapi.json").json
            var calls = 0
            for (template, methods) in Description(document: document).paths {
                let path = template.replacing("{id}", with: "x").replacing("{name}", with: "x").replacing("{path}", with: "x")
                for (method, operation) in methods {
                    let known = (operation["parameters"]?.elements ?? []).filter { $0["in"] == "query" }.compactMap { $0["name"]?.text }
                    for query in ["unheard_of=1", "UNHEARD", "=", "a=1&b=2"] + known.map({ "\($0)=1&\($0)=1" }) {
                        let answer = try await world.send(method, "\(path)?\(query)")
                        #expect(answer.status == 400, "\(method) \(path)?\(query)")
                        #expect(method == "HEAD" || answer.code == "unknown_parameter", "\(method) \(path)?\(query)")
                        calls += 1
                    }
                    if method == "GET" { #expect(try await world.send("HEAD", "\(path)?unheard_of=1").status == 400) }
                }
            }
            #expect(calls > 100)
        }
    }

    @Test func aMisspeltDryRunQueuesNothing() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let body: JSON = ["checkpoint": .string(checkpoint), "pruning": ["method": "magnitude"]]
            for query in [
                "dryrun=true", "dry-run=true", "Dry_Run=true", "dry_rum=true", "dry=true", "dry_run=true&dry_run=false", "dryRun",
            ] {
                let answer = try await world.post("/v1/jobs?\(query)", body)
                #expect(answer.status == 400 && answer.code == "unknown_parameter", "\(query)")
                #expect(answer.detail.contains("\"dry_run\""), "\(query): \(answer.detail)")
            }
            #expect(try await world.get("/v1/jobs").json["data"] == .array([]))
            #expect(try await world.post("/v1/jobs?dry_run=true", body).status == 200)
            #expect(try await world.post("/v1/jobs?", body).status == 201)
        }
    }

    @Test(arguments: [
        ("/v1/jobs?limt=5", "the query parameter \"limt\" is not known here: did you mean \"limit\"?"),
        ("/v1/jobs?statsu=failed", "the query parameter \"statsu\" is not known here: did you mean \"status\"?"),
        ("/v1/jobs?page=2", "the query parameter \"page\" is not known here: there are status, limit, after"),
        ("/v1/jobs?limit=5&limit=6&limit=7", "the query parameter \"limit\" is given more than once"),
        ("/healthz?verbose", "the query parameter \"verbose\" is not known here, where there are none"),
        (
            "/v1/jobs?a=1&b=1&c=1&d=1&e=1&f=1&a=2",
            ["a", "b", "c", "d"].map { "the query parameter \"\($0)\" is not known here: there are status, limit, after" }
                .joined(separator: "; ") + "; and 2 more"
        ),
        ("/v1/checkpoints/x/content?fromat=zip", "the query parameter \"fromat\" is not known here: did you mean \"format\"?"),
    ])
    func theNameAndTheNearestAreTold(path: String, detail: String) async throws {
        try await World.with { world in
            let answer = try await world.get(path)
            #expect(answer.status == 400 && answer.code == "unknown_parameter")
            #expect(answer.detail == detail)
        }
    }

    @Test func aMisspeltValueIsRefused() async throws {
        try await World.with { world in
            for (path, code) in [
                ("/v1/jobs/x/metrics?points=al", "invalid_points"), ("/v1/jobs/x/events?points=all", "invalid_points"),
                ("/v1/jobs/x/metrics?points", "invalid_points"),
            ] {
                #expect(try await world.get(path).code == code, "\(path)")
            }
            for (query, code) in [("on_error=ignore", "invalid_on_error"), ("exif=true", "invalid_exif"), ("on_error", "invalid_on_error")]
            {
                let answer = try await world.send("POST", "/v1/datasets?\(query)", body: Samples.pictures(1))
                #expect(answer.status == 400 && answer.code == code, "\(query)")
            }
        }
    }
}
