import Documents
import Engine

/// How much of a network is to go: a share of every layer's channels, as much as leaves no more than a target, or as much as goes before the
/// loss bends up.
enum CutExtent: Sendable, Equatable {
    case ratio(Double)
    case target(CutTarget)
    case auto

    /// A target's fractions of the original.
    static let fractions = 0.05...1.0
    /// Shares of the original's loss by which a cut may raise it.
    static let increases = 0.0...10.0
    /// Seconds that a sample may be asked to take.
    private static let seconds = 1e-6...1e6
    private static let lossIncrease = "loss_increase"
    private static let word = "auto"

    /// By what a cut is looked for among those that are made for it; nil where it is known without.
    var rule: LossSearch.Rule? {
        switch self {
        case .ratio: nil
        case .target(let target): target.lossIncrease.map(LossSearch.Rule.increase)
        case .auto: .bend
        }
    }

    /// What is to be met whatever the loss.
    var target: CutTarget? {
        switch self {
        case .ratio: nil
        case .target(let target): target
        case .auto: CutTarget([:])
        }
    }

    /// Reads `ratio` or `target`, which an object has one of, or neither.
    static func read(_ reader: inout ObjectReader, default extent: CutExtent) -> CutExtent {
        guard reader.isGiven("target") else {
            guard reader.isGiven("ratio") else { return extent }
            return reader.number("ratio", in: 0...0.95, orNil: word, default: 0).map(CutExtent.ratio) ?? .auto
        }
        let known = reader.errors.count
        let target = reader.object("target") { reader in
            CutTarget(
                CutResource.allCases.reduce(into: [:]) { limits, resource in limits[resource] = limit(&reader, resource) },
                lossIncrease: reader.optionalNumber(lossIncrease, in: increases))
        }
        if target.map({ $0.limits.isEmpty && $0.lossIncrease == nil }) ?? true, reader.errors.count == known {
            let names = CutResource.allCases.map(\.rawValue) + [lossIncrease]
            reader.refuse("target", "must give one or more of \(names.joined(separator: ", "))")
        }
        if reader.isGiven("ratio") {
            _ = reader.number("ratio", in: 0...0.95, orNil: word, default: 0)
            reader.refuse("target", "cannot be given beside ratio: a target says how much goes")
        }
        return .target(target ?? CutTarget([:]))
    }

    private static func limit(_ reader: inout ObjectReader, _ resource: CutResource) -> CutTarget.Limit? {
        let name = resource.rawValue
        guard reader.isGiven(name) else { return nil }
        guard reader.isObject(name) else {
            if !resource.isCounted { return .absolute(Int((reader.number(name, in: seconds, default: 1) * 1e9).rounded(.down))) }
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
        case .target(let target):
            .init("target", target.json.adding(target.lossIncrease.map { [.init(Self.lossIncrease, .double($0))] } ?? []))
        case .auto: .init("ratio", .string(Self.word))
        }
    }

    /// The share of a network's work that is left, as well as can be guessed before it is cut.
    func left(of graph: Graph) -> Double {
        switch self {
        case .ratio(let ratio): return 1 - ratio
        case .auto: return Self.usualShare
        case .target(let target):
            let shares = target.limits.map { resource, limit -> Double in
                switch (limit, resource) {
                case (.fraction(let share), _): share
                case (.absolute(let most), .macs): Double(most) / Double(max(1, graph.multiplyAccumulates))
                case (.absolute(let most), .parameters): Double(most) / Double(max(1, graph.parameterCount))
                case (.absolute(let most), .size): Double(most) / Double(max(1, graph.parameterCount * MemoryLayout<Float>.stride))
                case (.absolute, .secondsPerSample): Self.usualShare
                case (.absolute, .activationMemory): 1
                }
            }
            return min(shares.min() ?? 1, target.lossIncrease == nil ? 1 : Self.usualShare)
        }
    }

    /// What is reckoned with where the loss decides: about what a network loses before its loss bends up.
    static let usualShare = 0.6
}

extension CutResource {
    /// An amount in the contract's unit.
    func told(_ amount: Int) -> JSON { isCounted ? .integer(amount) : .double(Double(amount) / 1e9) }
}

extension CutTarget {
    fileprivate var json: JSON {
        .object(
            CutResource.allCases.compactMap { resource in
                limits[resource].map { limit in
                    switch limit {
                    case .absolute(let most): .init(resource.rawValue, resource.told(most))
                    case .fraction(let share): .init(resource.rawValue, ["fraction": .double(share)])
                    }
                }
            })
    }
}
