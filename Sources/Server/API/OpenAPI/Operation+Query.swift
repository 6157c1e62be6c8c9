import HTTP

extension Operation {
    /// Parameters that are told of as wrong in one answer.
    private static let mostTroubles = 4

    /// Refuses a query that says what this operation does not know, or something twice: a misspelt `dry_run` must not start the job.
    ///
    /// - Throws: ``APIError`` 400 `unknown_parameter`, with the parameters' names and what may have been meant.
    func check(_ query: [RequestTarget.QueryItem]) throws(APIError) {
        guard !query.isEmpty else { return }
        let known = parameters.filter { $0.place == "query" }.map(\.name)
        var given: Set<String> = []
        var repeated: Set<String> = []
        var troubles: [String] = []
        for item in query {
            if given.insert(item.name).inserted {
                if !known.contains(item.name) { troubles.append(Self.unknown(item.name, known)) }
            } else if known.contains(item.name), repeated.insert(item.name).inserted {
                troubles.append("the query parameter \"\(item.name)\" is given more than once")
            }
        }
        guard !troubles.isEmpty else { return }
        let rest = troubles.count > Self.mostTroubles ? "; and \(troubles.count - Self.mostTroubles) more" : ""
        throw APIError(.badRequest, "unknown_parameter", troubles.prefix(Self.mostTroubles).joined(separator: "; ") + rest)
    }

    private static func unknown(_ name: String, _ known: [String]) -> String {
        let what = "the query parameter \"\(name.prefix(100))\" is not known here"
        if let nearest = Spelling.nearest(to: name, among: known) { return "\(what): did you mean \"\(nearest)\"?" }
        return known.isEmpty ? "\(what), where there are none" : "\(what): there are \(known.joined(separator: ", "))"
    }
}
