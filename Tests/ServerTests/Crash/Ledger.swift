import Documents
import Foundation
import Hashing
import ServiceSupport
import Testing

/// What a client of a server that may die at any moment was told, and what that obliges the server to.
actor Ledger {
    /// A checkpoint or dataset: its description, and SHA-256 of its files as the server told them.
    private var stored: [String: JSON] = [:]
    /// What each of them was uploaded as.
    private var bodies: [String: (path: String, body: Data)] = [:]
    /// Jobs, and what was last promised about each.
    private var promised: [String: Promise] = [:]
    /// What may or may not be gone: a deletion was asked for, and no answer came.
    private var doubtful: Set<String> = []
    private var gone: Set<String> = []
    private var counts: [String: Int] = [:]

    private enum Promise {
        case accepted
        /// 202 to a cancel.
        case cancelled
        /// Seen as ended, with this result.
        case ended(JSON)
    }

    /// The jobs that must be there.
    var jobs: [String] { promised.keys.filter { !doubtful.contains($0) }.sorted() }
    /// Those that were not seen to end.
    private var waiting: [String] {
        promised.compactMap { id, promise in
            if case .ended = promise { nil } else { id }
        }
    }

    /// How many of what was acknowledged.
    var figures: String { counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ") }

    /// Uses the server until it dies.
    func use(_ client: APIClient, _ dice: Dice) async {
        var dice = dice
        do { while true { try await act(client, &dice) } } catch {}
    }

    private func act(_ client: APIClient, _ dice: inout Dice) async throws {
        switch dice.below(10) {
        case 0: try await upload(client, "/v1/checkpoints?name=\(dice.below(1 << 30))", Samples.archive(Self.unet(dice.below(1 << 30))))
        case 2: try await upload(client, "/v1/datasets", Samples.pictures(4 + dice.below(6), width: 16 + dice.below(9), channels: 1))
        case 3 where stored.count > 8: try await delete(client, &dice)
        case 4: if let job = pick(promised.keys, &dice) { try await cancel(client, job) }
        case 1, 5: if let job = pick(waiting, &dice) { try await look(client, job) }
        default: try await post(client, &dice)
        }
    }

    /// A tiny U-Net whose weights no other has.
    private static func unet(_ number: Int) throws -> [(String, [UInt8])] {
        var files = try Samples.unet("learned")
        let end = files[1].1.count
        for place in 0..<4 { files[1].1[end - 4 + place] = place == 3 ? 0x3D : UInt8(truncatingIfNeeded: number >> (8 * place)) }
        return files
    }

    private func pick(_ ids: some Collection<String>, _ dice: inout Dice) -> String? {
        let known = ids.filter { !doubtful.contains($0) && !gone.contains($0) }.sorted()
        return known.isEmpty ? nil : known[dice.below(known.count)]
    }

    private func upload(_ client: APIClient, _ path: String, _ body: Data) async throws {
        let answer = try await client.send("POST", path, body: body)
        #expect(answer.status == 201, "\(answer.detail)")
        guard let id = answer.json["id"]?.text else { return }
        stored[id] = answer.json
        bodies[id] = (path, body)
        counts["uploads", default: 0] += 1
    }

    private func post(_ client: APIClient, _ dice: inout Dice) async throws {
        let checkpoints = stored.keys.filter { $0.hasPrefix("ckpt_") }, datasets = stored.keys.filter { $0.hasPrefix("data_") }
        guard waiting.count < 6, let checkpoint = pick(checkpoints, &dice), let dataset = pick(datasets, &dice) else { return }
        let answer = try await client.post(
            "/v1/jobs",
            [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset), "priority": .integer(dice.below(3)),
                "pruning": [
                    "ratio": .double(0.5), "batch_size": 2, "widths": "free", "timesteps": ["stride": .integer(1 + dice.below(10))],
                ],
                "finetuning": ["steps": .integer(1 + dice.below(150)), "batch_size": 2], "evaluation": ["samples": 1, "steps": 4],
            ])
        // Deleted by another client of the same ledger, meanwhile.
        if answer.pointers == ["/checkpoint"] || answer.pointers == ["/dataset"] { return }
        #expect(answer.status == 201, "\(answer.detail)")
        guard let id = answer.json["id"]?.text else { return }
        promised[id] = .accepted
        counts["jobs", default: 0] += 1
    }

    private func cancel(_ client: APIClient, _ job: String) async throws {
        let answer = try await client.send("POST", "/v1/jobs/\(job)/cancel")
        guard answer.status == 202 else { return }
        if case .accepted = promised[job] { promised[job] = .cancelled }
        counts["cancels", default: 0] += 1
    }

    private func look(_ client: APIClient, _ job: String) async throws {
        let answer = try await client.get("/v1/jobs/\(job)")
        guard answer.status == 200, !["queued", "running", "paused"].contains(answer.json.status) else { return }
        if case .ended = promised[job] { return }
        promised[job] = .ended(answer.json)
        counts["results", default: 0] += 1
    }

    private func delete(_ client: APIClient, _ dice: inout Dice) async throws {
        guard let id = pick(Array(stored.keys) + promised.keys, &dice) else { return }
        let kind = id.hasPrefix("job_") ? "jobs" : id.hasPrefix("data_") ? "datasets" : "checkpoints"
        doubtful.insert(id)
        let answer = try await client.send("DELETE", "/v1/\(kind)/\(id)")
        doubtful.remove(id)
        guard answer.status == 204 else { return }
        stored[id] = nil
        bodies[id] = nil
        promised[id] = nil
        gone.insert(id)
        counts["deletions", default: 0] += 1
    }

    /// Files of checkpoints that are neither what was uploaded nor told to be damaged, a sentence each.
    ///
    /// - Parameter damaged: digests of those that may be told so.
    func wrongFiles(_ client: APIClient, damaged: Set<String>) async throws -> [String] {
        var wrong: [String] = []
        for (id, description) in stored where id.hasPrefix("ckpt_") && !doubtful.contains(id) {
            for file in description["files"]?.elements ?? [] {
                let answer = try await client.get("/v1/checkpoints/\(id)/files/\(file["path"]?.text ?? "")")
                let digest = file["sha256"]?.text ?? ""
                if answer.status == 409, answer.code == "checkpoint_damaged", damaged.contains(digest) {
                    counts["told damages", default: 0] += 1
                } else if answer.status != 200 || Self.digest(answer.data) != digest {
                    wrong.append("\(id): \(file.compact) is \(answer.data.count) other bytes of \(answer.status)")
                }
            }
        }
        return wrong
    }

    /// Uploads once more what was damaged, one of those that share it, and deletes what comes of it: that mends it. What a dataset's pack is
    /// called nobody is told, so a few of them go too, whether they need it or not.
    func uploadAgain(_ client: APIClient, damaged: Set<String>) async throws {
        let known = bodies.keys.filter { !doubtful.contains($0) }.sorted()
        var chosen = Set(known.filter { $0.hasPrefix("data_") }.prefix(3))
        for digest in damaged {
            if let id = known.first(where: { stored[$0]?["files"]?.elements.contains { $0["sha256"]?.text == digest } ?? false }) {
                chosen.insert(id)
            }
        }
        for (id, (path, body)) in bodies where chosen.contains(id) {
            let again = try await client.upload(path, body)
            let kind = id.hasPrefix("data_") ? "datasets" : "checkpoints"
            #expect(try await client.send("DELETE", "/v1/\(kind)/\(again)").status == 204)
        }
    }

    private static func digest(_ data: Data) -> String {
        MessageDigest.sha256(data).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Checkpoints and datasets that are not there as they were stored, a sentence each.
    func storedThatIsMissing(_ client: APIClient) async throws -> [String] {
        var missing: [String] = []
        for (id, description) in stored where !doubtful.contains(id) {
            let answer = try await client.get(id.hasPrefix("data_") ? "/v1/datasets/\(id)" : "/v1/checkpoints/\(id)")
            if answer.json != description { missing.append("\(id) is \(answer.data.count) bytes of \(answer.status)") }
        }
        return missing
    }

    /// What the server does not hold to, a sentence each.
    ///
    /// - Parameter checking: of how many checkpoints every byte is read.
    /// - Parameter remembering: whether what is seen now holds from now on; else the ledger stays as it was.
    func losses(_ client: APIClient, checking: Int, _ dice: inout Dice, remembering: Bool = true) async throws -> [String] {
        let before = (stored, bodies, promised, doubtful)
        defer { if !remembering { (stored, bodies, promised, doubtful) = before } }
        var losses: [String] = []
        for (id, description) in stored.sorted(by: { $0.key < $1.key }) {
            let path = id.hasPrefix("data_") ? "/v1/datasets/\(id)" : "/v1/checkpoints/\(id)"
            let answer = try await client.get(path)
            if doubtful.contains(id), answer.status == 404 {
                stored[id] = nil
                bodies[id] = nil
                continue
            }
            if answer.json != description { losses.append("\(id) is \(answer.data.count) bytes of \(answer.status)") }
        }
        for _ in 0..<checking {
            guard let id = pick(stored.keys.filter { $0.hasPrefix("ckpt_") }, &dice) else { break }
            for file in stored[id]?["files"]?.elements ?? [] {
                let bytes = try await client.get("/v1/checkpoints/\(id)/files/\(file["path"]?.text ?? "")").data
                if Self.digest(bytes) != file["sha256"]?.text { losses.append("\(id): \(file.compact) has other bytes") }
            }
        }
        for (id, promise) in promised.sorted(by: { $0.key < $1.key }) {
            let answer = try await client.get("/v1/jobs/\(id)")
            if doubtful.contains(id), answer.status == 404 {
                promised[id] = nil
                continue
            }
            switch promise {
            case .accepted:
                if answer.status != 200 { losses.append("\(id) is gone") }
            case .cancelled:
                // A cancel may come too late for a running job; it never lets it begin again.
                if !["cancelled", "succeeded", "running"].contains(answer.json.status) { losses.append("\(id) is \(answer.json.status)") }
            case .ended(let job):
                if answer.json != job { losses.append("\(id) ended otherwise: \(answer.json.compact)") }
            }
        }
        doubtful = []
        for id in gone {
            let kind = id.hasPrefix("job_") ? "jobs" : id.hasPrefix("data_") ? "datasets" : "checkpoints"
            if try await client.get("/v1/\(kind)/\(id)").status != 404 { losses.append("\(id) is back") }
        }
        return losses
    }
}
