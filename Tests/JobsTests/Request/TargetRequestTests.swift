import Documents
import Jobs
import Testing

/// How much of a network goes: a ratio, or a target.
@Suite struct TargetRequestTests {
    private static func read(_ pruning: JSON, isQueued: Bool = false) -> (pruning: JSON, errors: [FieldError]) {
        let (request, errors) = JobRequest.read(["checkpoint": "ckpt_1", "pruning": pruning], isQueued: isQueued, webhook: nil)
        return (request.json["pruning"] ?? .null, errors)
    }

    @Test(
        arguments: [
            ["macs": ["fraction": .double(0.5)]], ["parameters": 1_000_000, "size": ["fraction": .double(1)]],
            ["macs": 1, "parameters": 2, "size": 3, "activation_memory": ["fraction": .double(0.05)]],
            ["loss_increase": .double(0.1)], ["seconds_per_sample": .double(0.25)],
            ["macs": ["fraction": .double(0.5)], "seconds_per_sample": ["fraction": .double(0.5)], "loss_increase": .double(0)],
        ] as [JSON])
    func aTargetStandsInPlaceOfTheRatio(target: JSON) {
        for isQueued in [false, true] {
            let (pruning, errors) = Self.read(["target": target], isQueued: isQueued)
            #expect(errors.isEmpty)
            #expect(pruning["target"]?.compact == target.compact && pruning["ratio"] == nil)
            // What is told is what is read.
            #expect(Self.read(pruning, isQueued: isQueued).pruning == pruning)
        }
    }

    @Test func withoutATargetThereIsARatio() {
        for given in [[:], ["target": .null], ["ratio": .null]] as [JSON] {
            let (pruning, errors) = Self.read(given)
            #expect(errors.isEmpty)
            #expect(pruning["ratio"]?.double == 0.3 && pruning["target"] == nil)
        }
        #expect(Self.read(["ratio": .double(0.5)]).pruning["ratio"]?.double == 0.5)
        #expect(Self.read(["ratio": "auto"]).pruning["ratio"] == "auto")
    }

    @Test(
        arguments: [
            (["target": [:]], "/pruning/target", "seconds_per_sample, activation_memory, loss_increase"),
            (["target": ["macs": .null]], "/pruning/target", "must give one or more of"),
            (["target": .double(0.5)], "/pruning/target", "must be an object"),
            (["target": ["macs": 0]], "/pruning/target/macs", "must be a whole number, at least 1, or {\"fraction\": 0.5}"),
            (["target": ["macs": .double(0.5)]], "/pruning/target/macs", "or {\"fraction\": 0.5}"),
            (["target": ["size": "20MB"]], "/pruning/target/size", "must be a whole number"),
            (["target": ["size": ["fraction": 0]]], "/pruning/target/size/fraction", "must be between 0.05 and 1"),
            (["target": ["size": ["fraction": .double(1.5)]]], "/pruning/target/size/fraction", "must be between 0.05 and 1"),
            (["target": ["size": ["fraction": "half"]]], "/pruning/target/size/fraction", "must be a number"),
            (["target": ["size": [:]]], "/pruning/target/size/fraction", "is required"),
            (["target": ["size": ["fraction": .double(0.5), "of": 1]]], "/pruning/target/size/of", "is not a known field"),
            (["target": ["seconds_per_sample": 0]], "/pruning/target/seconds_per_sample", "must be between"),
            (["target": ["seconds_per_sample": "1 s"]], "/pruning/target/seconds_per_sample", "must be a number"),
            (["target": ["loss_increase": -1]], "/pruning/target/loss_increase", "must be between 0 and 10"),
            (["target": ["loss_increase": ["fraction": .double(0.1)]]], "/pruning/target/loss_increase", "must be a number"),
            (["ratio": "automatic"], "/pruning/ratio", "or \"auto\""),
            (["ratio": "auto", "target": ["macs": 1]], "/pruning/target", "cannot be given beside ratio"),
            (["target": ["macs": 1], "ratio": .double(0.3)], "/pruning/target", "cannot be given beside ratio"),
        ] as [(JSON, String, String)])
    func whatIsNoTargetIsRefused(pruning: JSON, pointer: String, detail: String) {
        let errors = Self.read(pruning).errors
        #expect(errors.count == 1 && errors.first?.pointer == pointer, "\(errors)")
        #expect(errors.first?.detail.contains(detail) == true, "\(errors)")
    }
}
