import Documents
import Engine

/// A search for a cut by its loss, as far as it has come.
struct SearchRecord {
    let search: LossSearch
    var trials: [LossSearch.Trial]

    /// A file that holds none, or another's.
    struct Unreadable: Error, CustomStringConvertible {
        let description = "no search by this rule"
    }

    init(_ search: LossSearch, trials: [LossSearch.Trial]) { (self.search, self.trials) = (search, trials) }

    /// Reads what ``json`` said.
    ///
    /// - Throws: ``Unreadable``; ``JSONError``.
    init(_ bytes: [UInt8], _ rule: LossSearch.Rule) throws {
        let json = try JSON(parsing: bytes)
        guard json["rule"] == .string(rule.name), let loss = json["loss"]?.double, let macs = json["macs"]?.integer,
            case .array(let trials)? = json["trials"]
        else { throw Unreadable() }
        search = LossSearch(rule, loss: loss, multiplyAccumulates: macs)
        self.trials = try trials.map { trial in
            guard let parts = trial["parts"]?.integer else { throw Unreadable() }
            return LossSearch.Trial(
                parts: parts, multiplyAccumulates: trial["macs"]?.integer, loss: trial["loss"]?.double,
                predicted: trial["predicted"]?.double)
        }
    }

    /// The cut that is kept to, of those that were tried.
    var best: LossSearch.Trial? { search.best(of: trials) }

    /// By how much that raises the loss, as a share of the original's.
    var increase: Double? { best.flatMap(search.increase) }

    /// As it is stored.
    var json: JSON { object { ["parts": .integer($0.parts)] } }

    /// The contract's `search` in a job's metrics.
    var metrics: JSON {
        let best = best
        return object { ["increase": .optional(search.increase($0)), "chosen": .bool($0 == best)] }
    }

    private func object(_ more: (LossSearch.Trial) -> JSON) -> JSON {
        [
            "rule": .string(search.rule.name), "loss": .double(search.loss), "macs": .integer(search.multiplyAccumulates),
            "trials": .array(
                trials.map { trial in
                    guard case .object(let members) = more(trial) else { return .null }
                    return JSON.object([
                        .init("macs", .optional(trial.multiplyAccumulates)), .init("loss", .optional(trial.loss)),
                        .init("predicted", .optional(trial.predicted)),
                    ])
                    .adding(members)
                }),
        ]
    }
}

extension LossSearch.Rule {
    /// As a request asks for it.
    fileprivate var name: String {
        switch self {
        case .increase: "loss_increase"
        case .bend: "auto"
        }
    }
}
