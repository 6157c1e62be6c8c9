import Documents
import Jobs
import Testing

/// What fields that are left out take.
@Suite struct RecipeTests {
    private static func read(_ members: [String: JSON], isQueued: Bool = false) -> JSON {
        let body = JSON.object([.init("checkpoint", "ckpt_1")]).replacing(members)
        let (request, errors) = JobRequest.read(body, isQueued: isQueued, webhook: nil)
        #expect(errors.isEmpty)
        return request.json
    }

    @Test func theBestRecipeRefitsAndLetsTheLearningRateFall() {
        let filled = Self.read(["dataset": "data_1", "pruning": [:], "finetuning": [:]])
        #expect(filled["recipe"] == "best")
        #expect(filled.at("pruning", "reconstruction") == ["samples": 64, "ridge": .double(1e-3), "seed": 0])
        #expect(filled.at("finetuning", "schedule") == "cosine")
        #expect(filled.at("finetuning", "optimizer") == "soap")
        #expect(filled.at("pruning", "allocation") == "global")
    }

    /// Who says where scoring begins or ends gets every timestep between.
    @Test(
        arguments: [
            ([:], 4), (["timesteps": .null], 4), (["timesteps": ["last": 99]], 1), (["timesteps": ["stride": 7]], 7),
        ] as [([String: JSON], Int)])
    func everyFourthTimestepIsScored(pruning: [String: JSON], stride: Int) {
        let asked = JSON.object([]).replacing(pruning)
        #expect(Self.read(["pruning": asked]).at("pruning", "timesteps", "stride") == .integer(stride))
        let paper = Self.read(["recipe": "paper", "pruning": asked])
        #expect(paper.at("pruning", "timesteps", "stride") == .integer(stride == 4 ? 1 : stride))
    }

    /// Shares by worth need scores that tell of it.
    @Test func randomScoresShareTheCutEvenly() {
        #expect(Self.read(["pruning": ["method": "random"]]).at("pruning", "allocation") == "uniform")
    }

    @Test(arguments: [(2, 0), (150, 30), (5000, 40)])
    func warmUpTakesAFifthOfFewSteps(steps: Int, warmup: Int) {
        let filled = Self.read(["dataset": "data_1", "finetuning": ["steps": .integer(steps)]])
        #expect(filled.at("finetuning", "warmup_steps") == .integer(warmup))
        let paper = Self.read(["recipe": "paper", "dataset": "data_1", "finetuning": ["steps": .integer(steps)]])
        #expect(paper.at("finetuning", "warmup_steps") == 0)
    }

    @Test func thePapersRecipeIsThePapers() {
        for filled in [
            Self.read(["recipe": "paper", "dataset": "data_1", "pruning": [:], "finetuning": [:]]),
            // What was queued before there were recipes.
            Self.read(["dataset": "data_1", "pruning": [:], "finetuning": [:]], isQueued: true),
        ] {
            #expect(filled["recipe"] == "paper")
            #expect(filled.at("pruning", "method") == "diff-pruning" && filled.at("pruning", "threshold") == .double(0.05))
            #expect(filled.at("pruning", "reconstruction") == .null)
            #expect(filled.at("finetuning", "schedule") == "constant" && filled.at("finetuning", "learning_rate") == .double(2e-4))
            #expect(filled.at("finetuning", "optimizer") == "adamw")
        }
    }

    /// What one optimiser bears is too much for the other.
    @Test func theLearningRateIsTheOptimizers() {
        func rate(_ optimizer: JSON) -> Double? {
            Self.read(["dataset": "data_1", "finetuning": ["optimizer": optimizer]]).at("finetuning", "learning_rate").double
        }
        #expect(rate("soap") == rate(.null))
        #expect((rate("adamw") ?? 1) < (rate("soap") ?? 0))
    }

    /// A job of the recipe that was queued before there was more than one optimiser.
    @Test func whatWasQueuedKeepsItsOptimizer() {
        let queued = Self.read(["recipe": "best", "dataset": "data_1", "finetuning": ["learning_rate": .double(2e-3)]], isQueued: true)
        #expect(queued.at("finetuning", "optimizer") == "adamw")
    }

    @Test func aFieldThatIsGivenWins() {
        let filled = Self.read([
            "dataset": "data_1", "pruning": ["reconstruction": .null],
            "finetuning": ["schedule": "constant", "learning_rate": .double(0.5)],
        ])
        #expect(filled.at("pruning", "reconstruction") == .null)
        #expect(filled.at("finetuning", "schedule") == "constant" && filled.at("finetuning", "learning_rate") == .double(0.5))
        let paper = Self.read(["recipe": "paper", "dataset": "data_1", "pruning": ["reconstruction": ["ridge": .double(0.5)]]])
        #expect(paper.at("pruning", "reconstruction", "ridge") == .double(0.5))
    }

    /// Without pictures nothing can be refitted, nor can fresh weights.
    @Test func whereThereIsNothingToRefitByNothingIs() {
        #expect(Self.read(["pruning": ["method": "magnitude"]]).at("pruning", "reconstruction") == .null)
        #expect(Self.read(["dataset": "data_1", "pruning": ["method": "scratch"]]).at("pruning", "reconstruction") == .null)
    }

    /// As a job's request is stored, and read again when it runs.
    @Test func aFilledRequestIsReadAsItIs() {
        for members: [String: JSON] in [
            ["dataset": "data_1", "pruning": [:], "finetuning": [:]], ["dataset": "data_1", "pruning": ["reconstruction": .null]],
            ["recipe": "paper", "dataset": "data_1", "pruning": ["reconstruction": [:]]], ["pruning": ["method": "random"]],
        ] {
            let filled = Self.read(members)
            let (again, errors) = JobRequest.read(filled, isQueued: true, webhook: nil)
            #expect(errors.isEmpty && again.json == filled)
        }
    }
}

extension JSON {
    fileprivate func at(_ names: String...) -> JSON { names.reduce(self) { $0[$1] ?? .null } }
}
