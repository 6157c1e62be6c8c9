import ArgumentParser
import Documents

/// A finite number on the command line.
struct NumberArgument: ExpressibleByArgument, Equatable {
    let value: Double

    init?(argument: String) {
        guard let value = Double(argument), value.isFinite else { return nil }
        self.value = value
    }

    var json: JSON { .double(value) }
}
