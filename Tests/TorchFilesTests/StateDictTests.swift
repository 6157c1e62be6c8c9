import Testing
import TorchFiles

/// Which of the things that training scripts save are taken as the weights.
@Suite struct StateDictTests {
    private typealias File = TorchFile

    private func open(_ value: TorchFile.Value) async throws -> (names: [String], notes: [String]) {
        try await File.with(File.bytes(value)) { path in
            let archive = try TorchArchive(path: path)
            return (archive.entries.map(\.name), archive.notes)
        }
    }

    private func state(_ names: String...) -> TorchFile.Value {
        [0x7D, 0x28] + names.flatMap { File.text($0) + File.tensor } + [0x75]
    }

    @Test func aStateDictIsTakenAsItIs() async throws {
        let (names, notes) = try await open(state("a.weight", "b.weight"))
        #expect(names == ["a.weight", "b.weight"])
        #expect(notes == [])
    }

    @Test func whatIsNoTensorBesideTheWeightsIsIgnored() async throws {
        let (names, notes) = try await open(File.dictionary(("w", File.tensor), ("epoch", File.integer(3))))
        #expect(names == ["w"])
        #expect(notes == ["ignored beside the weights: \"epoch\""])
    }

    @Test(arguments: ["state_dict", "model", "model_state_dict", "unet", "whatever"])
    func weightsUnderAKeyAreFound(key: String) async throws {
        let (names, notes) = try await open(File.dictionary(("epoch", File.integer(3)), (key, state("w"))))
        #expect(names == ["w"])
        #expect(notes.count == 1 && notes[0].contains("under \"\(key)\""))
    }

    /// As those of latent diffusion and Stable Diffusion were published: {class: {"best_model_score": numpy.float64}} beside the weights.
    @Test func whatPyTorchLightningTellsOfTrainingIsPassedOver() async throws {
        let dtype = File.global("numpy", "dtype") + File.tuple(File.text("f8"), File.integer(0), File.integer(1)) + [0x52]
        let score =
            File.global("numpy.core.multiarray", "scalar") + File.tuple(dtype + File.tuple(File.integer(3)) + [0x62], File.text("x")) + [
                0x52
            ]
        let callback = File.global("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")
        let callbacks = [0x7D, 0x28] + callback + File.dictionary(("best_model_score", score)) + [0x75]
        let (names, _) = try await open(File.dictionary(("callbacks", callbacks), ("state_dict", state("w"))))
        #expect(names == ["w"])
    }

    @Test func movingAveragesComeFirst() async throws {
        let (names, notes) = try await open(File.dictionary(("model", state("raw")), ("ema", state("averaged")), ("step", File.integer(1))))
        #expect(names == ["averaged"])
        #expect(notes == ["the weights are those under \"ema\"; ignored: \"model\", \"step\""])
    }

    @Test func anAverageWithoutNamesIsPassedOver() async throws {
        let (names, _) = try await open(
            File.dictionary(("model", state("raw")), ("ema", File.dictionary(("shadow", File.list(File.tensor))))))
        #expect(names == ["raw"])
    }

    @Test func severalUnknownStateDictsAreAmbiguous() async throws {
        await #expect(throws: TorchFileError.self) {
            try await open(File.dictionary(("first", state("a")), ("second", state("b"))))
        }
    }

    @Test func aListsLastStateDictIsItsAverage() async throws {
        let optimizer = File.dictionary(("state", File.dictionary()), ("param_groups", File.list()))
        let (names, notes) = try await open(File.list(state("raw"), optimizer, File.integer(3), File.integer(9), state("averaged")))
        #expect(names == ["averaged"])
        #expect(notes.count == 1 && notes[0].contains("list of 5") && notes[0].contains("last"))
        let (first, _) = try await open(File.list(state("raw"), optimizer, File.integer(3), File.integer(9)))
        #expect(first == ["raw"])
    }

    @Test func theSameNameTwiceIsRefused() async throws {
        await #expect(throws: TorchFileError.tensor(name: "w", trouble: "is there more than once")) { try await open(state("w", "w")) }
    }

    @Test func refusalsNameTheOpcodeOrTheGlobalAndItsPlace() async throws {
        await #expect(throws: TorchFileError.opcode("DUP", offset: 2)) { try await open([0x32]) }
        await #expect(throws: TorchFileError.global("os.system", offset: 2)) { try await open(File.global("os", "system")) }
    }
}
