import Documents
import Foundation
import Jobs
import ServiceSupport
import Testing

/// What requests decode, parse, unpack and make has one budget: it is taken before the work, and given back whatever comes of it.
@Suite struct RequestMemoryTests {
    /// Everything that requests may be let in with.
    private static func taken(_ memory: RequestMemory) async throws -> [MemoryShare] {
        var shares: [MemoryShare] = []
        for _ in 0..<RequestMemory.slots { shares.append(try await memory.admitted(for: "the test")) }
        return shares
    }

    @Test func whoDoesNotFitWaitsAndIsServedWhenThereIsRoom() async throws {
        try await World.with(settings: {
            $0.requestMemory = 1 << 30
            $0.requestPatience = 300
        }) { world in
            var shares = try await Self.taken(try world.memory)
            let (client, memory) = (try world.client, try world.memory)
            async let waiting = client.send("POST", "/v1/datasets", body: Samples.pictures(2))
            while memory.waitingCount == 0 { await Task.yield() }
            shares.removeLast()
            #expect(try await waiting.status == 201)
        }
    }

    @Test func whoWaitsTooLongIsToldToComeAgain() async throws {
        try await World.with(settings: {
            $0.requestMemory = 1 << 30
            $0.requestPatience = 0.01
        }) { world in
            let shares = try await Self.taken(try world.memory)
            let bodies = [
                ("/v1/datasets", try Samples.pictures(2)), ("/v1/checkpoints", try Samples.archive(Samples.unet())),
                ("/v1/jobs", Data("{}".utf8)),
            ]
            for (path, body) in bodies {
                let answer = try await world.send("POST", path, body: body)
                #expect(answer.status == 503, "\(path)")
                #expect(answer.code == "busy")
                #expect(answer.headers["retry-after"] == "5")
            }
            withExtendedLifetime(shares) {}
        }
    }

    @Test func whatNeverFitsIsRefusedByName() async throws {
        try await World.with(settings: { $0.requestMemory = 30 << 20 }) { world in
            let answer = try await world.send("POST", "/v1/datasets", body: Samples.archive([("a.jpg", Self.progressive(side: 8192))]))
            #expect(answer.status == 422)
            #expect(answer.code == "too_much_memory")
            #expect(answer.detail.contains("a.jpg") && answer.detail.contains("request_memory"), "\(answer.detail)")
        }
    }

    @Test func whatWasTakenIsGivenBackAfterAFailure() async throws {
        try await World.with { world in
            let bodies = [
                ("/v1/datasets", try Samples.archive([("a.jpg", Self.progressive(side: 64)), ("b.png", [1, 2, 3])])),
                ("/v1/checkpoints", try Samples.archive([("config.json", [1, 2, 3])])),
                ("/v1/jobs", Data("[\(String(repeating: "0,", count: 20_000))".utf8)),
                ("/v1/jobs?dry_run=true", Data("{\"checkpoint\":\"ckpt_none\",\"pruning\":{}}".utf8)),
            ]
            for (path, body) in bodies {
                #expect((400..<500).contains(try await world.send("POST", path, body: body).status), "\(path)")
                // An answer is sent before its handler's last values go.
                while try !world.memory.isWhole { await Task.yield() }
            }
        }
    }

    @Test func aBodyOfAMillionNamesIsRefusedBeforeTheyAreMade() async throws {
        try await World.with { world in
            let body = "{" + (0..<500_000).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
            let answer = try await world.send("POST", "/v1/jobs", body: Data(body.utf8), type: "application/json")
            #expect(answer.code == "invalid_json")
            #expect(answer.detail.contains("more than 1000 members"), "\(answer.detail)")
        }
    }

    @Test func controlCharactersAreInNoName() async throws {
        try await World.with { world in
            for bad in ["%1B", "%0A", "%7F", "%C2%85", "%E2%80%A8", "%E2%80%AE"] {
                for (path, body) in [("datasets", try Samples.pictures(2)), ("checkpoints", try Samples.archive(Samples.unet()))] {
                    let answer = try await world.send("POST", "/v1/\(path)?name=a\(bad)b", body: body)
                    #expect(answer.code == "invalid_name", "\(path) \(bad)")
                }
            }
            let job = try await world.post(
                "/v1/jobs", ["checkpoint": "ckpt_x", "name": "a\u{1B}[2J", "pruning": [:], "metadata": ["a\u{7F}": "b"]])
            #expect(job.pointers.sorted() == ["/metadata", "/name"])
            let metadata = "filename \(Data("a\u{1B}".utf8).base64EncodedString())"
            let upload = try await world.send(
                "POST", "/v1/uploads", headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": metadata])
            #expect(upload.code == "invalid_upload_metadata")
            #expect(try world.filesLeft() == [])
        }
    }

    /// The frame and the first scan's header of a progressive JPEG without subsampling: nothing in it decodes.
    private static func progressive(side: Int) -> [UInt8] {
        let (high, low) = (UInt8(side >> 8), UInt8(side & 255))
        return [0xFF, 0xD8, 0xFF, 0xC2, 0, 17, 8, high, low, high, low, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]
            + [0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0, 0xFF, 0xD9]
    }
}
