import CommandLine
import Documents
import Foundation
import HTTP
import HTTPTypes
import Hashing
import Storage
import Synchronization
import TestSupport
import Testing

/// Connections that break in the middle: the terminal's verbs go on where they were, and nothing is done twice.
@Suite struct BrokenConnectionTests {
    private struct Cut: Error {}

    /// What a server saw.
    private final class Record: Sendable {
        let requests = Mutex<[String]>([])
        func note(_ text: String) { requests.withLock { $0.append(text) } }
        var all: [String] { requests.withLock { $0 } }
    }

    private static func client(_ server: HTTPServer) -> ServiceClient {
        ServiceClient(base: "http://127.0.0.1:\(server.port)/", token: nil) { _ in }
    }

    private static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }

    /// A download whose first answer ends early; what is at the target beforehand, and which requests come.
    @Test(
        arguments: [
            (nil, ["", "bytes=100000-"]),
            (Array(content[..<50_000]), ["bytes=50000-", "bytes=150000-"]),
            // Other bytes of the same length: only the digest tells.
            ([UInt8](repeating: 9, count: 200_000), ["bytes=200000-", ""]),
            ([UInt8](repeating: 9, count: 400_000), ["", "bytes=100000-"]),
            (content, []),
        ] as [([UInt8]?, [String])])
    func aDownloadFetchesWhatIsMissing(there: [UInt8]?, ranges: [String]) async throws {
        let digest = BlobDigest(MessageDigest.sha256(Self.content))
        let record = Record()
        try await serving { request in
            let range = request.fields[.range] ?? ""
            record.note(range)
            #expect(range.isEmpty || request.fields[.ifRange] == "\"\(digest.hex)\"")
            let representation = Representation(tag: digest.hex, parts: [.bytes(Self.content)], fields: [:])
            var response = try representation.response(to: request)
            // The first answer is cut off unless there is little of it.
            let start = range.isEmpty ? 0 : Int(range.dropFirst(6).dropLast()) ?? 0
            if record.all.count == 1, Self.content.count - start > 100_000 {
                response.body = .stream(length: Int64(Self.content.count - start)) { writer in
                    try await writer.write(Array(Self.content[start..<(start + 100_000)]))
                    throw Cut()
                }
            }
            return response
        } _: { server in
            let folder = try TemporaryFolder()
            let target = folder.url.appendingPathComponent("deep/file")
            if let there { _ = try folder.file("deep/file", there) }
            var told: Int64 = 0
            try FileDownload(
                client: Self.client(server), path: "/file", target: target, size: Int64(Self.content.count), digest: digest
            ).run { bytes, _ in told += bytes }
            #expect(try Array(Data(contentsOf: target)) == Self.content)
            #expect(told == Int64(Self.content.count))
        }
        #expect(record.all == ranges)
    }

    @Test func aServerThatSendsMoreThanItSaidIsNotBelieved() async throws {
        try await serving { _ in
            Response(status: .ok, body: .bytes(Self.content))
        } _: { server in
            let folder = try TemporaryFolder()
            let download = FileDownload(
                client: Self.client(server), path: "/file", target: folder.url.appendingPathComponent("file"), size: 1000,
                digest: BlobDigest(MessageDigest.sha256(Self.content)))
            let failure = #expect(throws: CommandFailure.self) { try download.run { _, _ in } }
            #expect(failure?.description == "/file is longer than the server said")
        }
    }

    @Test func followingComesBackWithTheLastEvent() async throws {
        let record = Record()
        try await serving { request in
            guard request.path.hasSuffix("/events") else {
                // Once, before the job has ended, the server itself is on its way out.
                let isEarly = record.all.count < 3
                if isEarly { throw Cut() }
                return Response(status: .ok, body: .bytes(Array(#"{"id":"job_1","status":"succeeded"}"#.utf8)))
            }
            let last = request.fields[HTTPField.Name("Last-Event-ID")!] ?? "none"
            record.note(last)
            return Response(
                status: .ok, fields: [.contentType: "text/event-stream"],
                body: .stream(length: nil) { writer in
                    func event(_ id: Int) -> [UInt8] { Array("id: \(id)\nevent: phase\ndata: {\"id\":\(id)}\n\n".utf8) }
                    let progress = "event: progress\ndata: {\"phase\":\"scoring\",\"completed\":1,\"total\":2,\"eta_seconds\":null}\n\n"
                    switch last {
                    case "none":
                        try await writer.write(Array("retry: 10\n\n".utf8) + event(1) + event(2))
                        throw Cut()
                    case "2":
                        try await writer.write(Array("retry: 10\n\n\(progress)".utf8) + event(3))
                        throw Cut()
                    default: try await writer.write(event(4))
                    }
                })
        } _: { server in
            var (events, progress, troubles): ([Int], [ShownProgress], Int) = ([], [], 0)
            let job = try JobFollower(
                client: Self.client(server), tellEvent: { events.append($0["id"]?.integer ?? 0) }, tellProgress: { progress.append($0) },
                tellTrouble: { _ in troubles += 1 }
            ).follow("job_1")
            #expect(job["status"] == "succeeded")
            #expect(events == [1, 2, 3, 4])
            #expect(progress == [ShownProgress("scoring", steps: 1, of: 2, remaining: nil)])
            #expect(troubles == 2)
        }
        #expect(record.all == ["none", "2", "3"])
    }

    @Test func anUploadGoesOnFromWhereTheServerSaysItStands() async throws {
        let record = Record()
        let received = Mutex<[UInt8]>([])
        let folder = try TemporaryFolder()
        for (name, size) in [("a", 200_000), ("b/c", 300_000)] { _ = try folder.file("input/\(name)", Array(Self.content[..<size])) }
        try await serving { request in
            record.note("\(request.method.rawValue) \(request.path)")
            var fields: HTTPFields = [HTTPField.Name("Tus-Resumable")!: "1.0.0"]
            let offsetField = HTTPField.Name("Upload-Offset")!
            switch (request.method.rawValue, request.path) {
            case ("POST", "/v1/uploads"):
                #expect(request.fields[HTTPField.Name("Idempotency-Key")!] != nil)
                return Response(status: .created, fields: fields, body: .bytes(Array(#"{"id":"upl_1"}"#.utf8)))
            case ("HEAD", "/v1/uploads/upl_1"):
                fields[offsetField] = String(received.withLock { $0.count })
                return Response(status: .ok, fields: fields)
            case ("PATCH", "/v1/uploads/upl_1"):
                #expect(request.fields[offsetField] == String(received.withLock { $0.count }))
                let isFirst = received.withLock { $0.isEmpty }
                while let chunk = try await request.body.next() {
                    let count = received.withLock { bytes in
                        // Of the first request only so much stays.
                        bytes += isFirst ? chunk.prefix(250_000 - bytes.count) : chunk[...]
                        return bytes.count
                    }
                    if isFirst, count == 250_000 { throw HTTPError.connectionLost }
                }
                return Response(status: .noContent, fields: fields)
            case ("POST", "/v1/datasets"):
                #expect(request.query("name") == "input")
                let body = try await request.body.collect(limit: 1000)
                #expect(String(decoding: body, as: UTF8.self) == #"{"upload":"upl_1"}"#)
                return Response(status: .created, body: .bytes(Array(#"{"id":"data_1"}"#.utf8)))
            default: return Response(status: .notFound)
            }
        } _: { server in
            let screen = Screen(.nothing, isUnicode: false, now: { 0 }) { _ in }
            let upload = InputUpload(client: Self.client(server), screen: screen, largeSize: 1000)
            let id = try upload.identifier(.dataset, folder.url.appendingPathComponent("input").path)
            #expect(id == "data_1")
        }
        let path = try folder.file("received.tar", received.withLock { $0 })
        #expect(try archiveContents(path).map(\.path) == ["a", "b/c"])
        #expect(try archiveContents(path).map(\.bytes.count) == [200_000, 300_000])
        #expect(
            record.all == [
                "POST /v1/uploads", "PATCH /v1/uploads/upl_1", "HEAD /v1/uploads/upl_1", "PATCH /v1/uploads/upl_1", "POST /v1/datasets",
            ])
    }
}
