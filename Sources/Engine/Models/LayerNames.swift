/// What modules of a network were called in the one that it was made of by leaving some out: those that come after a gap have moved up.
public struct LayerNames: Sendable, Equatable {
    private let former: [String: String]
    private let now: [String: String]

    /// - Parameter former: of each module that has another name now, the one that it had.
    public init(_ former: [String: String] = [:]) {
        self.former = former.filter { $0.key != $0.value }
        now = Dictionary(uniqueKeysWithValues: self.former.map { ($0.value, $0.key) })
    }

    /// Whether every name is what it was.
    public var isEmpty: Bool { former.isEmpty }

    /// What a parameter or node was called: a module's name at the front is replaced.
    public func original(_ name: String) -> String { Self.renamed(name, by: former) }

    /// What one that was called so is called now.
    public func today(_ name: String) -> String { Self.renamed(name, by: now) }

    private static func renamed(_ name: String, by names: [String: String]) -> String {
        guard !names.isEmpty else { return name }
        for end in name.indices where name[end] == "." {
            if let module = names[String(name[..<end])] { return module + name[end...] }
        }
        return names[name] ?? name
    }

    /// Names the modules of a list that stay, in their order.
    static func moved(_ list: String, _ stays: [Int]) -> [String: String] {
        stays.enumerated().reduce(into: [:]) { moved, layer in moved["\(list).\(layer.offset)"] = "\(list).\(layer.element)" }
    }
}

extension Graph {
    /// The parameters' shapes by the names that they get, without those of modules that are left out.
    func shapes(under names: LayerNames, folds: [ShortcutFold], without modules: Set<String>) -> [String: [Int]] {
        let whole = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
        return parameters.reduce(into: [:]) { shapes, parameter in
            guard !modules.contains(where: { parameter.name.hasPrefix("\($0).") }) else { return }
            let rows = whole[folds.rows(of: parameter.name)] ?? parameter.shape
            shapes[names.today(parameter.name)] = [rows[0]] + parameter.shape.dropFirst()
        }
    }
}
