import Documents

/// What a request says its samples are judged by and compared with: on the command line files, where the API has identifiers.
struct JudgedFiles {
    /// Weights of a network that makes features.
    let extractor: String?
    /// Pictures, or statistics.
    let reference: String?

    init(_ request: JSON) {
        let evaluation = request["evaluation"]
        (extractor, reference) = (evaluation?["extractor"]?.word, evaluation?["reference"]?.word)
    }

    /// Whether a reference is statistics, by its name: an `.npz`, or their identifier.
    static func areStatistics(_ reference: String) -> Bool { reference.lowercased().hasSuffix(".npz") || reference.hasPrefix("stat_") }

    /// The request with these in their place.
    static func replaced(in request: JSON, extractor: String?, reference: String?) -> JSON {
        var fields: [String: JSON] = [:]
        if let extractor { fields["extractor"] = .string(extractor) }
        if let reference { fields["reference"] = .string(reference) }
        guard !fields.isEmpty, let evaluation = request["evaluation"] else { return request }
        return request.replacing(["evaluation": evaluation.replacing(fields)])
    }
}
