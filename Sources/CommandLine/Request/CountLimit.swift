import ArgumentParser
import Documents

/// The most that a cut may leave on the command line: a whole number, or a share of the original's, as `50%`.
package struct CountLimit: ExpressibleByArgument, Equatable {
    package let json: JSON

    package init?(argument: String) {
        if let share = Self.share(argument) {
            json = share
        } else if let count = Int(argument) {
            json = .integer(count)
        } else {
            return nil
        }
    }

    /// `50%` as the API has it; nil of anything else.
    static func share(_ argument: String) -> JSON? {
        guard argument.hasSuffix("%"), let percent = NumberArgument(argument: String(argument.dropLast())) else { return nil }
        return ["fraction": .double(percent.value / 100)]
    }
}
