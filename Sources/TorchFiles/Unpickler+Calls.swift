extension Unpickler {
    /// The result of `function(*arguments)`.
    mutating func call(_ function: PickleValue, _ arguments: PickleValue) throws(TorchFileError) -> PickleValue {
        guard case .global(let global) = function, case .tuple(let span) = arguments else {
            throw failure("a call of what is no allowed function, or without a tuple of arguments")
        }
        let arguments = Array(heap.items(span).prefix(9))
        switch global {
        case .rebuildTensor: return try tensor(arguments, counts: 4...4)
        case .rebuildTensorV2: return try tensor(arguments, counts: 6...7)
        case .rebuildTensorV3: return try tensor(arguments, counts: 7...8)
        case .rebuildParameter, .rebuildParameterWithState:
            guard arguments.count == (global == .rebuildParameter ? 3 : 4), case .tensor = arguments[0] else {
                throw failure("a parameter that is no tensor")
            }
            return arguments[0]
        case .orderedDictionary: return try orderedDictionary(arguments)
        case .size:
            guard arguments.count == 1, heap.integers(arguments[0]) != nil else { throw failure("a torch.Size of something else") }
            return arguments[0]
        case .inert: return .opaque
        case .storage, .untypedStorage, .type: throw failure("a call of a storage's or dtype's name")
        }
    }

    /// `torch._utils._rebuild_tensor…(storage, offset, size, stride, requires_grad, hooks[, dtype][, metadata])`.
    private mutating func tensor(_ arguments: [PickleValue], counts: ClosedRange<Int>) throws(TorchFileError) -> PickleValue {
        guard counts.contains(arguments.count), case .storage(let index) = arguments[0], heap.storages.indices.contains(index),
            case .integer(let offset) = arguments[1], let shape = heap.integers(arguments[2]), let strides = heap.integers(arguments[3])
        else { throw failure("a tensor whose arguments are not a storage, an offset, a size and strides") }
        let isTyped = counts == 7...8
        var type = heap.storages[index].type ?? .uint8
        if isTyped {
            guard case .global(.type(let named)) = arguments[6] else { throw failure("a tensor whose dtype is none") }
            type = named
        }
        let metadata = arguments.dropFirst(isTyped ? 7 : 6).first
        switch metadata {
        case nil, .some(.none): break
        // Its bits would say that the numbers are to be negated or conjugated.
        case .some(.dictionary(let index)) where heap.dictionaries.indices.contains(index) && heap.dictionaries[index].items.isEmpty: break
        default: throw failure("a tensor with metadata")
        }
        guard let tensor = TorchTensor(type: type, storage: index, shape: shape, strides: strides, offset: offset) else {
            throw failure("a tensor of size \(shape), strides \(strides) and offset \(offset)")
        }
        let storage = heap.storages[index]
        guard let size = storage.size else { throw failure("a storage of \(storage.count) numbers") }
        let end = tensor.count == 0 ? 0 : tensor.offset + tensor.span
        guard end <= size / type.size else {
            throw failure("a tensor that needs \(end) numbers of its storage, which says it has \(size / type.size)")
        }
        return try heap.newTensor(tensor)
    }

    /// `OrderedDict()`, or `OrderedDict(pairs)` as protocol 2 of Python 2 wrote it.
    private mutating func orderedDictionary(_ arguments: [PickleValue]) throws(TorchFileError) -> PickleValue {
        let result = try heap.newDictionary(isOrdered: true)
        guard let pairs = arguments.first else { return result }
        guard arguments.count == 1, case .dictionary(let target) = result, case .list(let index) = pairs, heap.lists.indices.contains(index)
        else { throw failure("an OrderedDict of something other than pairs") }
        for pair in heap.lists[index] {
            var items: ArraySlice<PickleValue> = []
            if case .tuple(let span) = pair { items = heap.items(span) }
            if case .list(let inner) = pair, heap.lists.indices.contains(inner) { items = heap.lists[inner].prefix(3) }
            guard items.count == 2 else { throw failure("an OrderedDict of something other than pairs") }
            try heap.append(items, toDictionary: target)
        }
        return result
    }

    /// A state that is given to an object. Only an OrderedDict may have one (`_metadata`, the modules' versions), or what is of no interest itself
    /// (a NumPy dtype's byte order), and it is dropped.
    mutating func build() throws(TorchFileError) {
        _ = try pop()
        let target = try pop()
        if case .opaque = target { return try push(target) }
        guard case .dictionary(let index) = target, heap.dictionaries.indices.contains(index), heap.dictionaries[index].isOrdered else {
            throw failure("a state for what is no OrderedDict")
        }
        try push(target)
    }

    /// `("storage", class, key, location, count)`: the only thing torch.save keeps outside the pickle. Before PyTorch 1.6 a sixth word follows, of
    /// what the storage is a part, which is none.
    mutating func persistent(_ identifier: PickleValue) throws(TorchFileError) -> PickleValue {
        guard case .tuple(let span) = identifier else { throw failure("something outside the pickle that is no storage") }
        var parts = Array(heap.items(span).prefix(7))
        if isLegacy, parts.count == 6, case .none = parts[5] { parts.removeLast() }
        guard parts.count == 5, heap.text(parts[0]) == "storage", case .global(let global) = parts[1],
            let key = heap.text(parts[2], limit: 64), case .integer(let count) = parts[4], count >= 0
        else { throw failure("something outside the pickle that is no storage") }
        switch global {
        case .storage(let type): return try heap.newStorage(TorchStorage(key: key, type: type, count: count))
        case .untypedStorage: return try heap.newStorage(TorchStorage(key: key, type: nil, count: count))
        default: throw failure("a storage whose class is none")
        }
    }
}
