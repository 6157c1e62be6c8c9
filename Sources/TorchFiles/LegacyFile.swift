/// A file of torch.save as it was before PyTorch 1.6, and as `_use_new_zipfile_serialization=False` still writes it: four pickles (a magic number, the
/// protocol's number, what machine wrote it, the value), the names of storages as a fifth, and the storages one after the other, each with how many
/// numbers it has (compare `torch/serialization.py`, `_legacy_save`).
struct LegacyFile {
    let root: PickleValue
    let heap: PickleHeap
    /// Where each storage's bytes are, by its name.
    let storages: [String: Range<Int>]

    /// A pickle of the long integer 0x1950A86A20F9469CFC6C, `torch.serialization.MAGIC_NUMBER`, without its protocol.
    private static let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    /// `torch.serialization.PROTOCOL_VERSION`.
    private static let version = 1001

    /// Bytes of objects that the pickle of names may take in a file of so many bytes, and again those that tell of the machine.
    static func namesBudget(fileSize: Int) -> Int { min(16 << 20, (1 << 20) + fileSize / 16) }

    /// Whether a file that begins with these bytes is one.
    static func isOne(_ head: some Collection<UInt8>) -> Bool {
        guard let first = head.first, first == PickleOpcode.proto.rawValue, let protocolVersion = head.dropFirst().first else {
            return false
        }
        return (2...5).contains(protocolVersion) && head.dropFirst(2).starts(with: magic)
    }

    /// Reads the pickles and finds the storages.
    ///
    /// - Parameters:
    ///   - limit: bytes of pickles that are taken into memory, at most.
    ///   - budget: bytes that the value's objects may take.
    ///   - storages: how many storages there may be.
    /// - Throws: ``TorchFileError``.
    init(_ file: ByteFile, limit: Int, budget: Int, storages mostStorages: Int) throws(TorchFileError) {
        let bytes = try file.bytes(at: 0, count: min(file.size, limit))
        let names = Self.namesBudget(fileSize: file.size)
        var position = Self.magic.count + 2
        func next(_ budget: Int) throws(TorchFileError) -> (root: PickleValue, heap: PickleHeap) {
            let (root, heap, end) = try Unpickler.read(bytes, from: position, budget: budget, isLegacy: true)
            position = end
            return (root, heap)
        }
        guard case .integer(Self.version) = try next(names).root else {
            throw .archive(entry: nil, trouble: "its protocol is not \(Self.version), the only one there was before PyTorch 1.6")
        }
        let (machine, words) = try next(names)
        try Self.checkMachine(machine, words)
        (root, heap) = try next(budget)
        let (keys, text) = try next(names)
        storages = try Self.find(keys, text, heap, file, from: position, most: mostStorages)
    }

    /// Of what machine it is: bytes in the other order are not read.
    private static func checkMachine(_ machine: PickleValue, _ heap: PickleHeap) throws(TorchFileError) {
        guard case .dictionary(let index) = machine, heap.dictionaries.indices.contains(index) else {
            throw .archive(entry: nil, trouble: "does not say what machine wrote it")
        }
        let items = heap.dictionaries[index].items
        for place in stride(from: 0, to: items.count - 1, by: 2) where heap.text(items[place]) == "little_endian" {
            if case .bool(true) = items[place + 1] { return }
        }
        throw .archive(
            entry: nil, trouble: "says another byte order than little; save the file again on a little-endian machine")
    }

    /// Walks over the storages, which must be those that the value speaks of, and fill the rest of the file.
    private static func find(
        _ keys: PickleValue, _ text: PickleHeap, _ heap: PickleHeap, _ file: ByteFile, from start: Int, most: Int
    ) throws(TorchFileError) -> [String: Range<Int>] {
        guard case .list(let index) = keys, text.lists.indices.contains(index) else {
            throw .archive(entry: nil, trouble: "does not name its storages")
        }
        let names = text.lists[index]
        guard names.count <= most else { throw .limit("storages", limit: most) }
        let described = Dictionary(heap.storages.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var found: [String: Range<Int>] = [:]
        var position = start
        for name in names {
            guard let key = text.text(name, limit: 64), let storage = described[key], let size = storage.size else {
                throw .archive(entry: nil, trouble: "names a storage of which it does not speak")
            }
            guard file.size - position >= 8 else { throw .archive(entry: nil, trouble: "it is cut short before storage \(key)") }
            var cursor = ByteCursor(try file.bytes(at: position, count: 8))
            guard cursor.integer(8) == storage.count else {
                throw .archive(entry: nil, trouble: "storage \(key) has not the \(storage.count) numbers that the pickle tells of")
            }
            position += 8
            guard size <= file.size - position else { throw .archive(entry: nil, trouble: "it is cut short in storage \(key)") }
            guard found.updateValue(position..<position + size, forKey: key) == nil else {
                throw .archive(entry: nil, trouble: "names storage \(key) more than once")
            }
            position += size
        }
        guard position == file.size else { throw .archive(entry: nil, trouble: "\(file.size - position) bytes follow its storages") }
        return found
    }
}
