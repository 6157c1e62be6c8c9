import ArgumentParser
import Documents

/// A finite number on the command line, or `auto`.
struct AutomaticNumber: ExpressibleByArgument {
    let json: JSON

    init?(argument: String) {
        guard let json = argument == "auto" ? "auto" : NumberArgument(argument: argument)?.json else { return nil }
        self.json = json
    }
}
