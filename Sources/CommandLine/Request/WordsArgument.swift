import ArgumentParser
import Documents

/// Words on the command line, with commas between them; which there are, the request tells.
struct WordsArgument: ExpressibleByArgument, Equatable {
    private let words: [String]

    init?(argument: String) { words = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }

    var json: JSON { .array(words.map(JSON.string)) }
}
