import ArgumentParser
import Documents

/// Numbers on the command line, with commas between them.
struct ListArgument: ExpressibleByArgument, Equatable {
    private let numbers: [NumberArgument]

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { NumberArgument(argument: String($0)) }
        self.numbers = numbers.compactMap { $0 }
        guard self.numbers.count == numbers.count else { return nil }
    }

    var json: JSON { .array(numbers.map(\.json)) }
}
