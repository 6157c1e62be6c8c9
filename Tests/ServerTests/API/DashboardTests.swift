import Documents
import Foundation
import Hashing
import Server
import ServiceSupport
import Testing

/// The dashboard's files as they are served, and the report. What they do in a browser is seen in Tests/Browser.
@Suite struct DashboardTests {
    /// What a text has between two others, everywhere.
    private static func between(_ start: String, _ end: String, in text: String) -> [String] {
        text.components(separatedBy: start).dropFirst().compactMap { part in
            part.range(of: end).map { String(part[..<$0.lowerBound]) }
        }
    }

    /// The page and everything it leads to, by path.
    private static func files(_ world: World) async throws -> [String: World.Answer] {
        var found: [String: World.Answer] = [:]
        var paths = ["/"]
        while let path = paths.popLast() {
            guard found[path] == nil else { continue }
            let answer = try await world.get(path)
            #expect(answer.status == 200, "\(path)")
            found[path] = answer
            let text = String(decoding: answer.data, as: UTF8.self)
            if path == "/" {
                paths += (between("src=\"", "\"", in: text) + between("href=\"", "\"", in: text)).filter { !$0.hasPrefix("#") }
            } else if path.hasSuffix(".js") {
                paths += between("from \"./", "\"", in: text).map { "/dashboard/\($0)" }
            }
        }
        return found
    }

    @Test func thePageAndAllItAsksForAreServedUnderAStrictPolicy() async throws {
        try await World.with { world in
            let files = try await Self.files(world)
            #expect(files.count > 15)
            let types = ["js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"]
            for (path, answer) in files {
                #expect(answer.headers["content-type"] == types[path.components(separatedBy: ".").last ?? ""] ?? "text/html; charset=utf-8")
                let policy = try #require(answer.headers["content-security-policy"])
                #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
                #expect(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'") && !policy.contains("unsafe"))
                #expect(answer.headers["x-content-type-options"] == "nosniff" && answer.headers["referrer-policy"] == "no-referrer")
                #expect(answer.headers["cache-control"] == "no-cache")
                let text = String(decoding: answer.data, as: UTF8.self)
                for word in [
                    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "https:", " style=",
                ] {
                    #expect(!text.contains(word), "\(path) has \(word)")
                }
                let hosts = Self.between("http://", "/", in: text)
                #expect(hosts.allSatisfy { $0 == "www.w3.org" }, "\(path) \(hosts)")
            }
            let page = String(decoding: try #require(files["/"]).data, as: UTF8.self)
            #expect(!page.contains("<style") && Self.between("<script", ">", in: page).allSatisfy { $0.contains("src=\"/dashboard/") })
        }
    }

    @Test func aFileThatIsKnownIsNotSentAgain() async throws {
        try await World.with { world in
            for path in ["/", "/dashboard/app.js"] {
                let first = try await world.get(path)
                let tag = try #require(first.headers["etag"])
                let again = try await world.send("GET", path, headers: ["If-None-Match": tag])
                #expect(again.status == 304 && again.data.isEmpty)
                let other = try await world.send("GET", path, headers: ["If-None-Match": "\"x\""])
                #expect(other.status == 200 && other.data == first.data)
                #expect(try await world.send("HEAD", path).headers["etag"] == tag)
                #expect(try await world.send("POST", path).status == 405)
            }
            for path in ["/dashboard/", "/dashboard/nothing.js", "/dashboard/index.html/x", "/index.html"] {
                #expect(try await world.get(path).status == 404, "\(path)")
            }
        }
    }

    @Test func thePageIsOpenAndNothingElseIs() async throws {
        try await World.with { world in
            _ = try DataFolderDoor(path: world.folder.path).perform(.createToken, ["name": "a", "scope": "read"])
            for path in ["/", "/dashboard/app.js", "/dashboard/style.css"] { #expect(try await world.get(path).status == 200, "\(path)") }
            for path in ["/v1/jobs", "/v1/jobs/job_x/report.html", "/v1/jobs/job_x/events", "/openapi.json", "/dashboardx"] {
                #expect([401, 404].contains(try await world.get(path).status), "\(path)")
            }
            #expect(try await world.get("/v1/jobs/job_x/report.html").status == 401)
            #expect(try await world.send("GET", "/v1/jobs/job_x/events", headers: ["Accept": "text/event-stream"]).status == 401)
        }
    }

    /// A job with pictures, whose name and dataset would like to be markup.
    private static func job(_ world: World, name: String, evaluation: JSON) async throws -> (id: String, dataset: String) {
        let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
        let dataset = try await world.upload("/v1/datasets?name=%3C%2Fscript%3E%3C%21--", Samples.pictures(4))
        let answer = try await world.post(
            "/v1/jobs",
            [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset), "name": .string(name),
                "pruning": ["method": "magnitude", "ratio": .double(0.5)], "evaluation": evaluation,
            ])
        let id = try #require(answer.json["id"]?.text, "\(answer.detail)")
        #expect(try await world.finished(id).status == "succeeded")
        return (id, dataset)
    }

    @Test func aReportStandsAlone() async throws {
        try await World.with { world in
            let name = "</title></script><script>alert(1)</script><!-- &amp;"
            let (id, dataset) = try await Self.job(world, name: name, evaluation: ["samples": 2, "steps": 2])
            #expect(try await world.send("DELETE", "/v1/datasets/\(dataset)").status == 204)
            let answer = try await world.get("/v1/jobs/\(id)/report.html")
            #expect(answer.status == 200 && answer.headers["content-type"] == "text/html; charset=utf-8")
            let text = String(decoding: answer.data, as: UTF8.self)

            // Its policy, with the answer and in the file, lets run what is in it and nothing else.
            func digest(_ text: String) -> String { "'sha256-\(Data(MessageDigest.sha256(text.utf8)).base64EncodedString())'" }
            let scripts = Self.between("<script type=\"module\">", "</script>", in: text)
            let styles = Self.between("<style>", "</style>", in: text)
            #expect(scripts.count == 1 && styles.count == 1)
            let policy =
                "default-src 'none'; script-src \(digest(scripts[0])); style-src \(digest(styles[0])); img-src data:; "
                + "base-uri 'none'; form-action 'none'"
            #expect(answer.headers["content-security-policy"] == "\(policy); frame-ancestors 'none'")
            #expect(Self.between("http-equiv=\"Content-Security-Policy\" content=\"", "\"", in: text) == [policy])
            #expect(Self.between("<script", ">", in: text).count == 2)
            #expect(!scripts[0].contains("\nimport ") && !scripts[0].contains("\nexport "))
            #expect(Self.between("http://", "/", in: text).allSatisfy { $0 == "www.w3.org" } && !text.contains("https://"))
            #expect(
                Self.between("<title>", "</title>", in: text) == [
                    "&lt;/title&gt;&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!-- &amp;amp; · pruner"
                ])

            // All there is to know is in it.
            let data = try JSON(parsing: Array(try #require(Self.between("id=\"data\">", "</script>", in: text).first).utf8))
            #expect(data["job"] == (try await world.get("/v1/jobs/\(id)").json))
            #expect(data["metrics"] == (try await world.get("/v1/jobs/\(id)/metrics").json))
            #expect(data.at("checkpoint", "id") == data.at("job", "request", "checkpoint"))
            #expect(data.at("job", "name").text == name && data["dataset"] == .null)
            for stage in ["before", "pruned", "after"] {
                let picture = try #require(
                    Self.between("<img id=\"samples-\(stage)\" alt=\"Samples: \(stage)\" src=\"data:image/png;base64,", "\"", in: text)
                        .first)
                #expect(Data(base64Encoded: picture) == (try await world.get("/v1/jobs/\(id)/files/samples_\(stage).png").data))
            }
        }
    }

    @Test func aJobWithoutPicturesHasAReportToo() async throws {
        try await World.with { world in
            let (id, _) = try await Self.job(world, name: "plain", evaluation: nil)
            let text = String(decoding: try await world.get("/v1/jobs/\(id)/report.html").data, as: UTF8.self)
            #expect(!text.contains("<img") && text.contains("</html>"))
            #expect(try await world.get("/v1/jobs/job_x/report.html").status == 404)
        }
    }
}
