/// Everything a pickle has built, with a bound on its memory.
///
/// A pickle's single byte can ask for an object of a hundred bytes. So every object is charged, in bytes and rather too high, against a
/// budget that grows with the file: reading stays within twice the file's size and a small constant.
struct PickleHeap {
    /// A dictionary as its keys and values in turn, in the order in which they were set.
    struct Dictionary {
        var items: [PickleValue] = []
        /// Whether it is a `collections.OrderedDict`, which may be given attributes.
        let isOrdered: Bool
    }

    /// The pickle, of which strings are parts.
    let bytes: [UInt8]
    private(set) var tupleItems: [PickleValue] = []
    private(set) var lists: [[PickleValue]] = []
    private(set) var dictionaries: [Dictionary] = []
    private(set) var storages: [TorchStorage] = []
    private(set) var tensors: [TorchTensor] = []
    private let budget: Int
    private var charged = 0

    /// - Parameter budget: bytes that all objects together may take.
    init(bytes: [UInt8], budget: Int) {
        self.bytes = bytes
        self.budget = budget
    }

    /// A value's place in an array that doubles as it grows.
    private static let valueCost = 3 * MemoryLayout<PickleValue>.stride

    /// Notes that memory is about to be taken.
    mutating func charge(_ cost: Int) throws(TorchFileError) {
        charged += cost
        guard charged <= budget else { throw .limit("bytes of objects", limit: budget) }
    }

    /// Notes that an array of values grows.
    mutating func chargeValues(_ count: Int) throws(TorchFileError) {
        // Before the product: a count is at most the pickle's bytes, but nothing here needs to rely on that.
        guard count <= budget / Self.valueCost else { throw .limit("bytes of objects", limit: budget) }
        try charge(count * Self.valueCost)
    }

    mutating func newTuple(_ items: ArraySlice<PickleValue>) throws(TorchFileError) -> PickleValue {
        try chargeValues(items.count)
        let start = tupleItems.count
        guard let from = UInt32(exactly: start), let to = UInt32(exactly: start + items.count) else {
            throw .limit("items of tuples", limit: Int(UInt32.max))
        }
        tupleItems += items
        return .tuple(from..<to)
    }

    mutating func newList() throws(TorchFileError) -> PickleValue {
        try charge(128)
        lists.append([])
        return .list(lists.count - 1)
    }

    mutating func newDictionary(isOrdered: Bool) throws(TorchFileError) -> PickleValue {
        try charge(128)
        dictionaries.append(Dictionary(isOrdered: isOrdered))
        return .dictionary(dictionaries.count - 1)
    }

    mutating func newStorage(_ storage: TorchStorage) throws(TorchFileError) -> PickleValue {
        try charge(256)
        storages.append(storage)
        return .storage(storages.count - 1)
    }

    mutating func newTensor(_ tensor: TorchTensor) throws(TorchFileError) -> PickleValue {
        try charge(512 + 48 * tensor.shape.count)
        tensors.append(tensor)
        return .tensor(tensors.count - 1)
    }

    mutating func append(_ items: ArraySlice<PickleValue>, toList index: Int) throws(TorchFileError) {
        try chargeValues(items.count)
        guard lists.indices.contains(index) else { return }
        lists[index] += items
    }

    mutating func append(_ items: ArraySlice<PickleValue>, toDictionary index: Int) throws(TorchFileError) {
        try chargeValues(items.count)
        guard dictionaries.indices.contains(index) else { return }
        dictionaries[index].items += items
    }

    /// A tuple's items.
    func items(_ tuple: Range<UInt32>) -> ArraySlice<PickleValue> {
        let range = Int(tuple.lowerBound)..<Int(tuple.upperBound)
        guard range.upperBound <= tupleItems.count else { return [] }
        return tupleItems[range]
    }

    /// A string's text; nil when the value is none, it is longer than `limit` bytes, or it is not UTF-8.
    func text(_ value: PickleValue, limit: Int = 512) -> String? {
        guard case .string(let span) = value, span.count <= limit, Int(span.upperBound) <= bytes.count else { return nil }
        return String(validating: bytes[Int(span.lowerBound)..<Int(span.upperBound)], as: UTF8.self)
    }

    /// A tuple of whole numbers; nil when the value is anything else or longer than 32.
    func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let span) = value, span.count <= 32 else { return nil }
        var numbers: [Int] = []
        for item in items(span) {
            guard case .integer(let number) = item else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}
