import ArgumentParser
import Documents

/// A share on the command line: `0.1`, or `10%`.
struct ShareArgument: ExpressibleByArgument {
    let json: JSON

    init?(argument: String) {
        guard let share = CountLimit.share(argument)?["fraction"] ?? NumberArgument(argument: argument)?.json else { return nil }
        json = share
    }
}
