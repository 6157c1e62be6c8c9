import Documents
import Engine

/// How much of a network is to go: a share of every layer's channels, or as much as leaves no more than a target.
enum CutExtent: Sendable, Equatable {
    case ratio(Double)
    case target(CutTarget)

    /// A target's fractions of the original.
    static let fractions = 0.05...1.0

    /// Reads `ratio` or `target`, which an object has one of, or neither.
    static func read(_ reader: inout ObjectReader, default extent: CutExtent) -> CutExtent {
        guard reader.isGiven("target") else {
            guard reader.isGiven("ratio") else { return extent }
            return .ratio(reader.number("ratio", in: 0...0.95, default: 0))
        }
        let known = reader.errors.count
        let limits = reader.object("target") { reader in
            CutResource.allCases.reduce(into: [:]) { limits, resource in limits[resource] = limit(&reader, resource.rawValue) }
        }
        if limits?.isEmpty ?? true, reader.errors.count == known {
            reader.refuse("target", "must give one or more of \(CutResource.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        if reader.isGiven("ratio") {
            _ = reader.number("ratio", in: 0...0.95, default: 0)
            reader.refuse("target", "cannot be given beside ratio: a target says how much goes")
        }
        return .target(CutTarget(limits ?? [:]))
    }

    private static func limit(_ reader: inout ObjectReader, _ name: String) -> CutTarget.Limit? {
        guard reader.isGiven(name) else { return nil }
        guard reader.isObject(name) else {
            return reader.integer(name, in: 1...Int.max, instead: "{\"fraction\": 0.5}, a share of the original's").map(
                CutTarget.Limit.absolute)
        }
        return reader.object(name) { reader in
            if !reader.isGiven("fraction") {
                reader.refuse("fraction", "is required")
            }
            return .fraction(reader.number("fraction", in: fractions, default: 1))
        }
    }

    /// The field that says it.
    var member: JSON.Member {
        switch self {
        case .ratio(let ratio): .init("ratio", .double(ratio))
        case .target(let target): .init("target", target.json)
        }
    }

    /// The share of a network's work that is left, as well as can be guessed before it is cut.
    func left(of graph: Graph) -> Double {
        switch self {
        case .ratio(let ratio): return 1 - ratio
        case .target(let target):
            let shares = target.limits.map { resource, limit -> Double in
                switch (limit, resource) {
                case (.fraction(let share), _): share
                case (.absolute(let most), .macs): Double(most) / Double(max(1, graph.multiplyAccumulates))
                case (.absolute(let most), .parameters): Double(most) / Double(max(1, graph.parameterCount))
                case (.absolute(let most), .size): Double(most) / Double(max(1, graph.parameterCount * MemoryLayout<Float>.stride))
                case (.absolute, .activationMemory): 1
                }
            }
            return min(1, shares.min() ?? 1)
        }
    }
}

extension CutTarget {
    fileprivate var json: JSON {
        .object(
            CutResource.allCases.compactMap { resource in
                limits[resource].map { limit in
                    switch limit {
                    case .absolute(let most): .init(resource.rawValue, .integer(most))
                    case .fraction(let share): .init(resource.rawValue, ["fraction": .double(share)])
                    }
                }
            })
    }
}
