/// A file of torch.save: in the zip format of PyTorch 1.6 and later, `NAME/data.pkl` and one stored record `NAME/data/KEY` for each storage; or as it
/// was before (``LegacyFile``).
///
/// Opening reads the headers and the pickle and chooses a state dict; numbers are read on demand. Nothing is run, and no more memory
/// taken than twice the file's size and a small constant, nor than 90 MiB.
package final class TorchArchive: Sendable {
    /// One tensor of the state dict.
    package struct Entry: Sendable {
        /// The parameter's name, without what training wrappers put before it.
        package let name: String
        /// Its view of a storage.
        package let tensor: TorchTensor
        /// Where its storage begins in the file.
        let storage: Int
    }

    /// The tensors, in the state dict's order; names are distinct.
    package let entries: [Entry]
    /// What was chosen and what was ignored, as sentences.
    package let notes: [String]
    private let file: ByteFile

    /// Bytes of objects that a pickle may take whatever the file's size.
    private static let smallBudget = 4 << 20
    /// The largest pickle that is taken into memory; a state dict has some 200 bytes a tensor.
    private static let maximumPickle = 16 << 20
    /// Bytes of objects that any pickle may take.
    private static let largestBudget = 48 << 20

    /// Bytes of objects that a pickle may take in a file of so many bytes.
    private static func budget(fileSize: Int) -> Int { min(largestBudget, smallBudget + fileSize / 4) }

    /// Bytes of memory that opening a file of so many bytes takes at most: its zip's entries or the names of its storages, the pickle, and the objects.
    package static func openingCost(fileSize: Int) -> Int {
        let records = max(
            400 * min(ZipIndex.limit(fileSize: fileSize), fileSize / 76), 2 * LegacyFile.namesBudget(fileSize: fileSize))
        return records + min(maximumPickle, fileSize) + budget(fileSize: fileSize)
    }

    /// Whether a file that begins with these bytes is of before PyTorch 1.6.
    package static func isLegacy(_ head: [UInt8]) -> Bool { LegacyFile.isOne(head) }

    /// Opens a file.
    ///
    /// - Throws: ``TorchFileError``.
    package init(path: String) throws(TorchFileError) {
        file = try ByteFile(path: path)
        let budget = Self.budget(fileSize: file.size)
        let most = min(30_000, 4096 + file.size / 1024)
        let (root, heap): (PickleValue, PickleHeap)
        let storages: [String: Range<Int>]
        if LegacyFile.isOne(try file.bytes(at: 0, count: min(file.size, 64))) {
            let legacy = try LegacyFile(file, limit: Self.maximumPickle, budget: budget, storages: most)
            (root, heap, storages) = (legacy.root, legacy.heap, legacy.storages)
        } else {
            let pickle: [UInt8]
            (pickle, storages) = try Self.zip(file)
            (root, heap) = try Unpickler.load(pickle, budget: budget)
        }
        let state = try StateDict(root, heap, limit: most)
        notes = state.notes
        entries = try Self.resolve(state, heap, storages)
        try Self.checkSize(entries, fileSize: file.size)
    }

    /// The pickle of a zip, and where the storages are.
    private static func zip(_ file: ByteFile) throws(TorchFileError) -> (pickle: [UInt8], storages: [String: Range<Int>]) {
        let index = try ZipIndex(file)
        let records = try Self.records(index)
        guard let pickle = records["data.pkl"] else { throw .archive(entry: nil, trouble: "no data.pkl in it: not a file of torch.save") }
        guard pickle.size <= Self.maximumPickle else { throw .limit("bytes", limit: Self.maximumPickle) }
        if let order = records["byteorder"] {
            let word = try file.bytes(at: order.start, count: min(order.size, 16))
            guard word.elementsEqual("little".utf8) else {
                throw .archive(
                    entry: order.name, trouble: "says another byte order than little; save the file again on a little-endian machine")
            }
        }
        let bytes = try file.bytes(at: pickle.start, count: pickle.size)
        guard Checksum.of(bytes) == pickle.checksum else { throw .archive(entry: pickle.name, trouble: "does not have its checksum") }
        var storages: [String: Range<Int>] = [:]
        for (name, record) in records where name.hasPrefix("data/") { storages[String(name.dropFirst(5))] = record.start..<record.end }
        return (bytes, storages)
    }

    /// The entries by their names within the one folder that holds all of them.
    private static func records(_ index: ZipIndex) throws(TorchFileError) -> [String: ZipEntry] {
        var records: [String: ZipEntry] = [:]
        var folder: Substring?
        for entry in index.entries {
            guard let slash = entry.name.firstIndex(of: "/"), folder == nil || folder == entry.name[..<slash] else {
                throw .archive(entry: entry.name, trouble: "is not in the one folder of a file of torch.save")
            }
            folder = entry.name[..<slash]
            records[String(entry.name[entry.name.index(after: slash)...])] = entry
        }
        if let script = records["constants.pkl"] ?? records["code/"] {
            throw .archive(entry: script.name, trouble: "makes this a TorchScript program; save model.state_dict() instead")
        }
        return records
    }

    /// Finds each tensor's bytes and checks that its storage's record has them.
    private static func resolve(
        _ state: StateDict, _ heap: PickleHeap, _ storages: [String: Range<Int>]
    ) throws(TorchFileError) -> [Entry] {
        var entries: [Entry] = []
        for (name, tensor) in state.tensors {
            guard heap.storages.indices.contains(tensor.storage) else { throw .tensor(name: name, trouble: "has no storage") }
            let storage = heap.storages[tensor.storage]
            guard let record = storages[storage.key] else {
                throw .tensor(name: name, trouble: "its storage data/\(storage.key) is not in the file")
            }
            guard storage.size == record.count else {
                throw .tensor(
                    name: name,
                    trouble: "its storage says it has \(storage.count) numbers, its record data/\(storage.key) has \(record.count) bytes")
            }
            entries.append(Entry(name: name, tensor: tensor, storage: record.lowerBound))
        }
        return entries
    }

    /// Refuses views that show the same numbers again and again: as float32, all tensors that can be weights take at most twice the file's
    /// size together. Others are never read.
    private static func checkSize(_ entries: [Entry], fileSize: Int) throws(TorchFileError) {
        var left = fileSize / 2
        for entry in entries where entry.tensor.type.isFloatingPoint {
            guard entry.tensor.count <= left else {
                throw .tensor(
                    name: entry.name,
                    trouble: "would make the tensors more than twice as large as the file: it shows the same numbers many times (expand)")
            }
            left -= entry.tensor.count
        }
    }

    /// Reads `buffer.count` bytes of a tensor's storage from its `start`-th number on.
    package func read(_ entry: Entry, from start: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TorchFileError) {
        let tensor = entry.tensor
        guard start >= tensor.offset, start - tensor.offset <= tensor.span,
            buffer.count <= (tensor.span - (start - tensor.offset)) * tensor.type.size
        else { throw .tensor(name: entry.name, trouble: "bytes beyond its storage are asked for") }
        try file.read(into: buffer, at: entry.storage + start * tensor.type.size)
    }
}
