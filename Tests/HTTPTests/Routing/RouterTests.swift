import Foundation
import HTTP
import HTTPTypes
import Testing

private func request(_ method: HTTPRequest.Method, _ target: String, fields: HTTPFields = [:], host: String? = "localhost") throws
    -> Request
{
    Request(method: method, target: try RequestTarget(Array(target.utf8), method: method.rawValue), authority: host, fields: fields)
}

private func router() -> Router {
    var router = Router()
    func add(_ method: HTTPRequest.Method, _ pattern: String) {
        router.on(method, pattern) { request in
            let parameters = request.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
            return Response(status: .ok, body: .bytes(Array("\(method.rawValue) \(pattern) \(parameters)".utf8)))
        }
    }
    add(.get, "/")
    add(.get, "/v1/jobs")
    add(.post, "/v1/jobs")
    add(.get, "/v1/jobs/{id}")
    add(.delete, "/v1/jobs/{job}")
    add(.get, "/v1/jobs/latest")
    add(.post, "/v1/jobs/{id}/cancel")
    add(.get, "/v1/jobs/{id}/files/{path...}")
    add(.get, "/v1/jobs/{id}/files/special")
    return router
}

@Test(
    arguments: [
        (.get, "/", "GET / "), (.get, "/v1/jobs", "GET /v1/jobs "), (.get, "/v1/jobs?limit=2", "GET /v1/jobs "),
        (.post, "/v1/jobs", "POST /v1/jobs "),
        (.get, "/v1/jobs/a%20b", "GET /v1/jobs/{id} id=a b"), (.delete, "/v1/jobs/x", "DELETE /v1/jobs/{job} job=x"),
        (.head, "/v1/jobs/x", "GET /v1/jobs/{id} id=x"), (.get, "/v1/jobs/latest", "GET /v1/jobs/latest "),
        (.post, "/v1/jobs/latest/cancel", "POST /v1/jobs/{id}/cancel id=latest"),
        (.get, "/v1/jobs/x/files/a/b%2Bc.png", "GET /v1/jobs/{id}/files/{path...} id=x,path=a/b+c.png"),
        (.get, "/v1/jobs/x/files/special", "GET /v1/jobs/{id}/files/special id=x"),
        (.get, "/v1/jobs/x/files/special/y", "GET /v1/jobs/{id}/files/{path...} id=x,path=special/y"),
    ] as [(HTTPRequest.Method, String, String)])
func aPathFindsItsHandler(method: HTTPRequest.Method, target: String, expected: String) async throws {
    let response = try await router().respond(to: request(method, target))
    guard case .bytes(let bytes) = response.body else {
        Issue.record("no bytes")
        return
    }
    #expect(String(decoding: bytes, as: UTF8.self) == expected)
}

@Test(arguments: [
    "/v1", "/v1/jobs/", "/v1/job", "/v2/jobs", "//v1/jobs", "/v1/jobs/x/files", "/v1/jobs/x/files/", "/v1/jobs/x/y", "/V1/jobs",
])
func aPathWithoutARouteIsNotFound(target: String) async throws {
    await #expect(throws: HTTPError.notFound(path: target)) { try await router().respond(to: request(.get, target)) }
}

@Test func aPathWithoutTheMethodSaysWhichItHas() async throws {
    let error = await #expect(throws: HTTPError.self) { try await router().respond(to: request(.put, "/v1/jobs")) }
    #expect(error == .methodNotAllowed(.put, allowed: [.get, .head, .post]))
    let response = error?.response()
    #expect(response?.status.code == 405 && response?.fields[.allow] == "GET, HEAD, POST")
}

@Test func aQueryIsDecodedOnce() throws {
    let target = try RequestTarget(Array("/a%20b/c+d?x=1+2&y=%2B%26&&z&x=3&%C3%A9==".utf8), method: "GET")
    #expect(target.segments == ["a b", "c+d"])
    #expect(target.query.map { "\($0.name)|\($0.value)" } == ["x|1 2", "y|+&", "z|", "x|3", "é|="])
    #expect(try request(.get, "/?a=%2541").query("a") == "%41")
}

@Test(
    arguments: [
        ("localhost:8080", nil, 0), ("LOCALHOST:8080", nil, 0), ("127.0.0.1:8080", nil, 0), ("127.1.2.3:8080", nil, 0),
        ("[::1]:8080", nil, 0),
        (nil, nil, 0), ("localhost:8080", "http://localhost:8080", 0), ("localhost:8080", "http://127.0.0.1:8080", 0),
        ("localhost", nil, 421), ("localhost:8081", nil, 421), ("evil.example:8080", nil, 421), ("127.0.0.1.evil.example:8080", nil, 421),
        ("127.0.0.256:8080", nil, 421), ("127.0.0:8080", nil, 421), ("128.0.0.1:8080", nil, 421), ("[::2]:8080", nil, 421),
        ("localhost:8080", "http://evil.example", 403), ("localhost:8080", "null", 403), ("localhost:8080", "https://localhost:8080", 403),
        ("localhost:8080", "http://localhost", 403), ("localhost:8080", "http://localhost:8080.evil.example", 403),
    ] as [(String?, String?, Int)])
func aLoopbackServerAnswersOnlyItsOwnPages(host: String?, origin: String?, status: Int) throws {
    let fields: HTTPFields = origin.map { [.origin: $0] } ?? [:]
    let request = try request(.get, "/", fields: fields, host: host)
    var found = 0
    do {
        try LoopbackGuard(port: 8080).check(request)
    } catch {
        found = error.response().status.code
    }
    #expect(found == status)
}

@Test func datesAreWrittenAsHTTPWants() {
    #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    // Every day of more than two cycles of 400 years, at another time of day, as libc tells them.
    let names = (
        ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    )
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    var wrong: [Int] = []
    for day in -150_000..<180_000 {
        let seconds = day * 86400 + (day * 7919 % 86400 + 86400) % 86400
        var (time, parts) = (time_t(seconds), tm())
        gmtime_r(&time, &parts)
        let expected =
            "\(names.0[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(names.1[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
        if HTTPDate.text(seconds) != expected { wrong.append(seconds) }
    }
    #expect(wrong == [])
}
