/// The named tensors among everything that a training script has saved.
///
/// What is taken, in this order:
/// 1. a dictionary with tensors in it: those tensors;
/// 2. a list, as the DDIM code base saves `[model, optimizer, epoch, step, ema]`: its last element if that is such a dictionary (the average
///    is what that code samples with), else its first;
/// 3. a dictionary of dictionaries: the first of ``keys`` that leads to such a dictionary, averages first; else the only one that does.
///
/// Then prefixes that wrappers put before every name are taken off. ``notes`` says what was chosen and what ignored.
struct StateDict {
    /// The tensors by name, in the order in which they were saved; names are distinct.
    let tensors: [(name: String, tensor: TorchTensor)]
    /// What was chosen and ignored, as sentences.
    private(set) var notes: [String] = []

    /// Where training scripts keep weights; for a diffusion model the moving average is the one to sample with.
    private static let keys = [
        "ema", "ema_state_dict", "ema_model", "model_ema", "state_dict_ema", "state_dict", "model_state_dict", "model", "unet", "net",
        "module",
    ]
    /// How deeply a state dict may lie: `{"a": {"b": [{…}]}}`.
    private static let maximumDepth = 3
    /// Elements of a list, or members of a dictionary, that are looked into.
    private static let maximumCandidates = 64

    /// - Parameter limit: the most tensors; their names are copied, which the heap's budget does not count.
    init(_ root: PickleValue, _ heap: PickleHeap, limit: Int) throws(TorchFileError) {
        var notes: [String] = []
        guard let found = try Self.find(root, heap, depth: 0, notes: &notes) else {
            throw .contents("no tensors by name are in the file; it should hold a state dict")
        }
        var names: Set<String> = []
        var tensors: [(name: String, tensor: TorchTensor)] = []
        var others: [String] = []
        let items = heap.dictionaries[found].items
        guard items.count / 2 <= limit else { throw .limit("tensors", limit: limit) }
        for index in stride(from: 0, to: items.count - 1, by: 2) {
            guard case .tensor(let place) = items[index + 1], heap.tensors.indices.contains(place) else {
                others.append(heap.text(items[index]) ?? "one without a name")
                continue
            }
            guard let name = heap.text(items[index]), !name.isEmpty else {
                throw .contents("a tensor's name is no text of 1 to 512 bytes")
            }
            guard names.insert(name).inserted else { throw .tensor(name: name, trouble: "is there more than once") }
            tensors.append((name, heap.tensors[place]))
        }
        if !others.isEmpty {
            notes.append("ignored beside the weights: \(Self.shown(others))")
        }
        self.tensors = tensors
        self.notes = notes
    }

    /// The place of the dictionary that has the tensors.
    private static func find(_ value: PickleValue, _ heap: PickleHeap, depth: Int, notes: inout [String]) throws(TorchFileError) -> Int? {
        if let index = named(value, heap) { return index }
        guard depth < maximumDepth else { return nil }
        switch value {
        case .list(let index) where heap.lists.indices.contains(index):
            return try find(inList: heap.lists[index], heap, depth, &notes)
        case .tuple(let span): return try find(inList: Array(heap.items(span).prefix(maximumCandidates)), heap, depth, &notes)
        case .dictionary(let index) where heap.dictionaries.indices.contains(index):
            return try find(inDictionary: heap.dictionaries[index].items, heap, depth, &notes)
        default: return nil
        }
    }

    /// A dictionary's place when it holds tensors by name.
    private static func named(_ value: PickleValue, _ heap: PickleHeap) -> Int? {
        guard case .dictionary(let index) = value, heap.dictionaries.indices.contains(index) else { return nil }
        let items = heap.dictionaries[index].items
        for place in stride(from: 0, to: items.count - 1, by: 2) {
            if case .tensor = items[place + 1], case .string = items[place] { return index }
        }
        return nil
    }

    private static func find(
        inList items: [PickleValue], _ heap: PickleHeap, _ depth: Int, _ notes: inout [String]
    ) throws(TorchFileError) -> Int? {
        guard let first = items.first, let last = items.last else { return nil }
        if items.count > 1, let found = named(last, heap), found != named(first, heap) {
            notes.append(
                "the file is a list of \(items.count); its last element was taken as the weights' moving average, the others ignored")
            return found
        }
        guard let found = try find(first, heap, depth: depth + 1, notes: &notes) else { return nil }
        if items.count > 1 {
            notes.append("the file is a list of \(items.count); its first element was taken as the weights, the others ignored")
        }
        return found
    }

    private static func find(
        inDictionary items: [PickleValue], _ heap: PickleHeap, _ depth: Int, _ notes: inout [String]
    ) throws(TorchFileError) -> Int? {
        var members: [(key: String, value: PickleValue)] = []
        for index in stride(from: 0, to: items.count - 1, by: 2).prefix(maximumCandidates) {
            if let key = heap.text(items[index]) { members.append((key, items[index + 1])) }
        }
        let known = keys.compactMap { key in members.last { $0.key == key } }
        for member in known {
            var inner: [String] = []
            guard let found = try find(member.value, heap, depth: depth + 1, notes: &inner) else { continue }
            notes += inner
            let others = members.map(\.key).filter { $0 != member.key }
            notes.append("the weights are those under \"\(member.key)\"" + (others.isEmpty ? "" : "; ignored: \(shown(others))"))
            return found
        }
        let candidates = members.filter { named($0.value, heap) != nil }
        guard let only = candidates.first else { return nil }
        guard candidates.count == 1 else {
            throw .contents("several parts of the file could be the weights: \(shown(candidates.map(\.key))); save one state dict")
        }
        notes.append("the weights are those under \"\(only.key.prefix(100))\"")
        return named(only.value, heap)
    }

    /// At most eight keys, cut short.
    private static func shown(_ keys: [String]) -> String {
        keys.prefix(8).map { "\"\($0.prefix(60))\"" }.joined(separator: ", ") + (keys.count > 8 ? " and \(keys.count - 8) more" : "")
    }
}
