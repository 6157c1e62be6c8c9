/// What stands before all names of a network that was saved inside another module: DataParallel's `module.`, torch.compile's `_orig_mod.`, and
/// whatever stands before the one `conv_in.weight` that both diffusers' and the DDIM code's networks have.
enum SharedPrefix {
    /// The first layer of a U-Net, under today's name and the DDIM code's.
    static let first = "conv_in.weight"

    /// The prefix of all names; nil where they share none.
    static func of(_ names: [String]) -> String? {
        let ends = names.filter { $0 == first || $0.hasSuffix(".\(first)") }
        guard ends.count == 1, let prefix = ends.first?.dropLast(first.utf8.count), !prefix.isEmpty else { return nil }
        return names.allSatisfy { $0.hasPrefix(prefix) && $0.utf8.count > prefix.utf8.count } ? String(prefix) : nil
    }

    /// Names without the prefix that all share.
    static func takenOff(_ names: [String]) -> [String] {
        guard let prefix = of(names) else { return names }
        return names.map { String($0.dropFirst(prefix.count)) }
    }

    /// What there is to say of a prefix that was taken off.
    static func warning(_ names: [String]) -> Warning? {
        of(names).map { Warning(.prefixTakenOff, "the prefix \"\($0.prefix(100))\" was taken off every name") }
    }

    /// How names may be meant that have such prefixes, but not all of them, or several; nil where none has one.
    static func reading(_ names: [String]) -> String? {
        let prefixes = names.filter { $0.hasSuffix(".\(first)") }.map { String($0.dropLast(first.utf8.count)) }.sorted()
        guard let prefix = prefixes.first else { return nil }
        if prefixes.count > 1 {
            let shown = prefixes.prefix(4).map { "\"\($0.prefix(100))\"" }.joined(separator: ", ")
            return
                "there are several networks, whose names begin with \(shown): send the tensors of one alone, without what begins their names"
        }
        let others = names.filter { !$0.hasPrefix(prefix) }.sorted()
        guard let other = others.first else { return nil }
        let rest = others.count > 1 ? " and \(others.count - 1) more" : ""
        return "all but \(other.prefix(100))\(rest) begin with \"\(prefix.prefix(100))\": send those alone, without what begins their names"
    }
}
