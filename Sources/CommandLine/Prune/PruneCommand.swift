import ArgumentParser
import Documents
import Foundation
import Jobs

/// `pruner prune`: a job without a server.
struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Prunes a checkpoint without a server, and fine-tunes and evaluates it where that is asked for.",
        discussion: """
            A job is pruned always, fine-tuned with --steps or another option of fine-tuning, and evaluated with --samples or another
            option of evaluation. What it gives appears in --out when all of it is there. A command that is ended early goes on where
            it stopped when it is given again.
            """)

    @Option(
        help: "A diffusers folder, or a tar, tar.gz or zip of one; or a file of CompVis's code base, or a generator's state dict.",
        completion: .file())
    var checkpoint: String
    @Option(help: "A folder of PNG, JPEG and WebP files, or a tar, tar.gz or zip of them.", completion: .file()) var dataset: String?
    @Option(help: "Where the result is to appear: a folder that is not there yet.", completion: .directory) var out: String?

    @OptionGroup(title: "Of the checkpoint") var beside: CheckpointOptions
    @OptionGroup(title: "Of the pictures") var besidePictures: DatasetOptions
    @OptionGroup(title: "What to do") var job: JobOptions
    @OptionGroup(title: "What to use") var resources: ResourceOptions

    @Flag(help: "Tell what the job would give and take, and do nothing.") var dryRun = false
    @Flag(help: "Throw away what another command has begun at this place.") var restart = false
    @Flag(help: "Show no progress and no summary.") var quiet = false
    @Flag(help: "Print the summary as JSON.") var json = false

    func validate() throws {
        guard dryRun || out != nil else { throw ValidationError("Missing expected argument '--out <out>'") }
    }

    func run() async throws {
        try ProcessorCheck.check()
        Arithmetic.restartWithBestKernels()
        Arithmetic.useOneThreadPerCall()
        let settings = try resources.settings()
        Arithmetic.stepBack(settings.jobNiceness)
        let screen = Screen(isQuiet: quiet)
        try await CommandFailure.reporting(on: screen) {
            let pruning = LocalPruning(
                request: try job.body(), choices: beside.choices, pictureChoices: besidePictures.choices,
                resources: JobResources(settings), screen: screen)
            try await prune(pruning, screen)
        }
    }

    private func prune(_ pruning: LocalPruning, _ screen: Screen) async throws {
        guard !dryRun else {
            let forecast = try pruning.forecast(checkpoint: checkpoint, dataset: dataset)
            return print(json ? forecast.pretty : JobSummary.text(forecast: forecast), terminator: "")
        }
        guard let out else { return }
        let summary: JSON
        do {
            summary = try await pruning.run(checkpoint: checkpoint, dataset: dataset, out: out, restarting: restart)
        } catch let error as LocalJob.Interrupted {
            screen.tell("stopped\(JobSummary.place(error.job)); the same command goes on from there")
            throw ExitCode(EndSignals.status(error.signal))
        }
        if json {
            print(summary.pretty, terminator: "")
        } else if !quiet {
            print(JobSummary.text(summary), terminator: "")
        }
    }
}
