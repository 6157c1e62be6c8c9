import Foundation
import HTTP
import HTTPTypes
import Synchronization
import TestSupport
import Testing

/// The client against our own server.
struct HTTPClientTests {
    private func url(_ server: HTTPServer, _ path: String) -> String { "http://127.0.0.1:\(server.port)\(path)" }

    @Test func methodsFieldsAndBodiesArriveAndSoDoAnswers() async throws {
        try await serving { request in
            var response = try await echo(request)
            response.fields[.contentType] = request.fields[.contentType]
            response.fields[HTTPField.Name("X-Sum")!] = "1"
            return response
        } _: { server in
            let client = HTTPClient()
            let fields = [("Content-Type", "text/plain")]
            let answer = try client.send(
                ClientRequest("POST", url(server, "/a?b=c"), fields: fields, body: .bytes(Array("héllo".utf8))), limit: 1 << 16)
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "text/plain")
            #expect(answer["x-sum"] == "1")
            #expect(String(decoding: answer.body, as: UTF8.self) == "POST /a héllo")
            let deleted = try client.send(ClientRequest("DELETE", url(server, "/x")), limit: 100)
            #expect(deleted.body == Array("DELETE /x ".utf8))
            let head = try client.send(ClientRequest("HEAD", url(server, "/x")), limit: 100)
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test(arguments: [nil, Int64(3_000_000)])
    func aStreamIsSentWithItsLengthOrInChunks(length: Int64?) async throws {
        try await serving { request in
            let isChunked = request.fields[.transferEncoding] != nil
            let count = try await request.body.collect(limit: 1 << 24).reduce(0) { $0 + Int($1) }
            return Response(status: .created, body: .bytes(Array("\(isChunked) \(count)".utf8)))
        } _: { server in
            var left = 3_000_000
            let body = ClientRequest.Body.stream(length: length) { buffer in
                let count = min(buffer.count, left)
                buffer[..<count].copyBytes(from: repeatElement(1, count: count))
                left -= count
                return count
            }
            let answer = try HTTPClient().send(ClientRequest("PUT", url(server, "/"), body: body), limit: 100)
            #expect(answer.status == 201)
            #expect(String(decoding: answer.body, as: UTF8.self) == "\(length == nil) 3000000")
        }
    }

    @Test func aRedirectIsAnAnswerLikeAnyOther() async throws {
        try await serving { request in
            guard request.path == "/here" else { return Response(status: .ok) }
            return Response(status: .found, fields: [.location: "/there"])
        } _: { server in
            let answer = try HTTPClient().send(ClientRequest("GET", url(server, "/here")), limit: 100)
            #expect(answer.status == 302)
            #expect(answer["location"] == "/there")
        }
    }

    @Test func anAnswerBeyondItsLimitIsNotTaken() async throws {
        try await serving { _ in
            Response(status: .ok, body: .bytes([UInt8](repeating: 0, count: 101)))
        } _: { server in
            #expect(throws: ClientError.answerTooLarge(limit: 100)) {
                try HTTPClient().send(ClientRequest("GET", url(server, "/")), limit: 100)
            }
            let whole = try HTTPClient().send(ClientRequest("GET", url(server, "/")), limit: 101)
            #expect(whole.body.count == 101)
        }
    }

    @Test func anAddressThatIsNotAllowedIsNeverConnectedTo() async throws {
        let requests = Atomic(0)
        try await serving { _ in
            requests.add(1, ordering: .relaxed)
            return Response(status: .ok)
        } _: { server in
            let client = HTTPClient { $0.pointee.sa_family != sa_family_t(AF_INET) }
            #expect(throws: ClientError.forbiddenAddress("127.0.0.1")) {
                try client.send(ClientRequest("GET", url(server, "/")), limit: 100)
            }
            #expect(requests.load(ordering: .relaxed) == 0)
            let answer = try HTTPClient { _ in true }.send(ClientRequest("GET", url(server, "/")), limit: 100)
            #expect(answer.status == 200)
        }
    }

    @Test func whatTheStreamThrowsIsThrown() async throws {
        struct Broken: Error {}
        try await serving(echo) { server in
            let body = ClientRequest.Body.stream(length: nil) { _ in throw Broken() }
            #expect(throws: Broken.self) { try HTTPClient().send(ClientRequest("POST", url(server, "/"), body: body), limit: 100) }
        }
    }

    @Test func itEndsWhenItIsCancelledOrTakesTooLong() async throws {
        let (never, end) = AsyncStream.makeStream(of: Void.self)
        try await serving { _ in
            for await _ in never {}
            return Response(status: .ok)
        } _: { server in
            defer { end.finish() }
            let client = HTTPClient()
            client.isCancelled = { true }
            #expect(throws: ClientError.cancelled) { try client.send(ClientRequest("GET", url(server, "/")), limit: 100) }
            client.isCancelled = { false }
            client.totalTimeout = 1
            let address = url(server, "/")
            #expect(throws: ClientError.timeout(url: address)) { try client.send(ClientRequest("GET", address), limit: 100) }
        }
    }

    @Test(arguments: ["ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://127.0.0.1/\0", "gopher://x"])
    func onlyURLsOfHTTPAreAsked(url: String) {
        #expect(throws: ClientError.badURL(url)) { try HTTPClient().send(ClientRequest("GET", url), limit: 100) }
    }

    @Test func whoIsNotThereIsNamed() {
        let error = #expect(throws: ClientError.self) {
            try HTTPClient().send(ClientRequest("GET", "http://127.0.0.1:1/"), limit: 100)
        }
        #expect(error?.description.hasPrefix("http://127.0.0.1:1/: ") == true)
    }
}
