import ArgumentParser
import Documents

/// The most seconds of a sample on the command line: a number, or a share of the original's, as `50%`.
struct SecondsLimit: ExpressibleByArgument {
    let json: JSON

    init?(argument: String) {
        guard let limit = CountLimit.share(argument) ?? NumberArgument(argument: argument)?.json else { return nil }
        json = limit
    }
}
