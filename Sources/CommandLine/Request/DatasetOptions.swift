import ArgumentParser
import Jobs

/// What is said beside an archive of pictures.
struct DatasetOptions: ParsableArguments {
    @Option(help: "Where some of the pictures cannot be read: fail, or skip them (default: fail).") var onError: DatasetChoices.Failure?
    @Option(help: "Where EXIF says that a picture is turned: ignore or apply it (default: ignore).") var exif: DatasetChoices.Orientation?

    var choices: DatasetChoices {
        DatasetChoices(onError: onError ?? DatasetChoices().onError, exif: exif ?? DatasetChoices().exif)
    }
}

extension DatasetChoices {
    /// As queries of an upload, by their names; those that are no default.
    var queries: [(name: String, value: String)] {
        let usual = DatasetChoices()
        return (onError == usual.onError ? [] : [("on_error", onError.rawValue)]) + (exif == usual.exif ? [] : [("exif", exif.rawValue)])
    }
}

extension DatasetChoices.Failure: ExpressibleByArgument {}
extension DatasetChoices.Orientation: ExpressibleByArgument {}
