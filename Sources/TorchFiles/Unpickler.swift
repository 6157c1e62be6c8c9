/// Follows a pickle's instructions as far as they build tensors and plain containers, and refuses at the first that asks for more.
///
/// It has no way to run anything: a global is a word of ``PickleGlobal``, a call is one of the few in `Unpickler+Calls.swift`. The rules past holes
/// have taught: items are set only on dictionaries and appended only to lists, a state is dropped, nothing is read twice by different rules.
struct Unpickler {
    private var cursor: ByteCursor
    var heap: PickleHeap
    private(set) var stack: [PickleValue] = []
    private var highWater = 0
    private var marks: [Int] = []
    private var memo: [UInt32: PickleValue] = [:]
    /// Where the instruction that is being followed begins.
    private(set) var offset = 0
    /// Whether storages are described as before PyTorch 1.6.
    let isLegacy: Bool

    /// The most nesting of marks; PyTorch's state dicts have 5 or so.
    private static let maximumMarks = 1000

    private init(_ bytes: [UInt8], from start: Int, budget: Int, isLegacy: Bool) {
        cursor = ByteCursor(bytes, at: start)
        heap = PickleHeap(bytes: bytes, budget: budget)
        (offset, self.isLegacy) = (start, isLegacy)
    }

    /// Unpickles one value.
    ///
    /// - Parameters:
    ///   - bytes: the whole pickle; nothing may follow its STOP. Less than 4 GiB.
    ///   - budget: bytes that the objects may take.
    /// - Throws: ``TorchFileError/opcode(_:offset:)``, ``TorchFileError/global(_:offset:)``, ``TorchFileError/pickle(_:offset:)``,
    ///   ``TorchFileError/limit(_:limit:)``.
    static func load(_ bytes: [UInt8], budget: Int) throws(TorchFileError) -> (root: PickleValue, heap: PickleHeap) {
        let (root, heap, end) = try read(bytes, from: 0, budget: budget)
        guard end == bytes.count else { throw .pickle("\(bytes.count - end) bytes follow its STOP", offset: end - 1) }
        return (root, heap)
    }

    /// Unpickles one of several values that follow each other.
    ///
    /// - Parameters:
    ///   - bytes: the pickle and whatever is around it. Less than 4 GiB.
    ///   - start: where it begins.
    ///   - budget: bytes that the objects may take.
    /// - Returns: also where its STOP ends.
    /// - Throws: as ``load(_:budget:)``.
    static func read(
        _ bytes: [UInt8], from start: Int, budget: Int, isLegacy: Bool = false
    ) throws(TorchFileError) -> (root: PickleValue, heap: PickleHeap, end: Int) {
        guard bytes.count < UInt32.max else { throw .limit("bytes", limit: Int(UInt32.max)) }
        var unpickler = Unpickler(bytes, from: start, budget: budget, isLegacy: isLegacy)
        guard unpickler.cursor.byte() == PickleOpcode.proto.rawValue, let version = unpickler.cursor.byte(), (2...5).contains(version)
        else {
            throw unpickler.failure("it does not begin with a protocol from 2 to 5")
        }
        while true {
            unpickler.offset = unpickler.cursor.position
            guard let byte = unpickler.cursor.byte() else { throw unpickler.failure("it ends before its STOP") }
            guard let opcode = PickleOpcode(rawValue: byte) else {
                throw .opcode(PickleOpcode.name(byte), offset: unpickler.offset)
            }
            if opcode == .stop { break }
            try unpickler.follow(opcode)
        }
        guard unpickler.marks.isEmpty, unpickler.stack.count == 1 else { throw unpickler.failure("it does not leave one value") }
        return (unpickler.stack[0], unpickler.heap, unpickler.cursor.position)
    }

    func failure(_ trouble: String) -> TorchFileError { .pickle(trouble, offset: offset) }

    // MARK: Stack

    mutating func push(_ value: PickleValue) throws(TorchFileError) {
        stack.append(value)
        if stack.count > highWater {
            highWater = stack.count
            try heap.chargeValues(1)
        }
    }

    /// The topmost value, which must lie above the last mark.
    mutating func pop() throws(TorchFileError) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw failure("too few values on the stack") }
        return value
    }

    /// The values above the last mark, which goes too.
    private mutating func popMark() throws(TorchFileError) -> ArraySlice<PickleValue> {
        guard let mark = marks.popLast(), mark <= stack.count else { throw failure("no mark on the stack") }
        let items = Array(stack[mark...])
        stack.removeLast(items.count)
        return items[...]
    }

    private func next<Value>(_ value: Value?) throws(TorchFileError) -> Value {
        guard let value else { throw failure("it is cut short") }
        return value
    }

    // MARK: Instructions

    private mutating func follow(_ opcode: PickleOpcode) throws(TorchFileError) {
        switch opcode {
        case .proto, .stop: throw failure("a second protocol")
        case .frame:
            guard let length = cursor.integer(8), length <= cursor.remaining else { throw failure("a frame longer than the pickle") }
        case .mark:
            guard marks.count < Self.maximumMarks else { throw .limit("marks at once", limit: Self.maximumMarks) }
            marks.append(stack.count)
        case .none: try push(.none)
        case .newTrue: try push(.bool(true))
        case .newFalse: try push(.bool(false))
        case .binInt: try push(.integer(Int(Int32(truncatingIfNeeded: try next(cursor.number(4))))))
        case .binInt1: try push(.integer(try next(cursor.integer(1))))
        case .binInt2: try push(.integer(try next(cursor.integer(2))))
        case .long1: try push(try long())
        case .binFloat: try push(.number(Double(bitPattern: try next(cursor.number(8)).byteSwapped)))
        case .shortBinString, .shortBinUnicode: try push(try string(lengthBytes: 1))
        case .binUnicode: try push(try string(lengthBytes: 4))
        case .binUnicode8: try push(try string(lengthBytes: 8))
        case .shortBinBytes: try pushBytes(lengthBytes: 1)
        case .binBytes: try pushBytes(lengthBytes: 4)
        case .emptyTuple: try push(try heap.newTuple([]))
        case .tuple: try push(try heap.newTuple(try popMark()))
        case .tuple1: try tuple(1)
        case .tuple2: try tuple(2)
        case .tuple3: try tuple(3)
        case .emptyList: try push(try heap.newList())
        case .append: try append([try pop()])
        case .appends: try append(try popMark())
        case .emptyDictionary: try push(try heap.newDictionary(isOrdered: false))
        case .setItem: try tuple(2, set: true)
        case .setItems: try set(try popMark())
        case .emptySet: try push(.opaque)
        case .addItems: try addItems()
        case .binGet: try get(UInt32(try next(cursor.integer(1))))
        case .longBinGet: try get(UInt32(truncatingIfNeeded: try next(cursor.number(4))))
        case .binPut: try put(UInt32(try next(cursor.integer(1))))
        case .longBinPut: try put(UInt32(truncatingIfNeeded: try next(cursor.number(4))))
        case .memoize: try put(UInt32(truncatingIfNeeded: memo.count))
        case .global: try global()
        case .stackGlobal: try stackGlobal()
        case .reduce:
            let arguments = try pop()
            try push(try call(try pop(), arguments))
        case .build: try build()
        case .binPersistentID: try push(try persistent(try pop()))
        }
    }

    /// Two's complement, little end first. Seeds and counters can be longer than 64 bits; nothing here needs those.
    private mutating func long() throws(TorchFileError) -> PickleValue {
        let span = try next(try next(cursor.integer(1).flatMap { cursor.span($0) }))
        guard span.count <= 8 else { return .opaque }
        var bits: UInt64 = 0
        for (index, byte) in cursor.bytes[span].enumerated() { bits |= UInt64(byte) << UInt64(8 * index) }
        if let last = cursor.bytes[span].last, last >= 0x80, span.count < 8 { bits |= ~0 << UInt64(8 * span.count) }
        return .integer(Int(Int64(bitPattern: bits)))
    }

    private mutating func string(lengthBytes: Int) throws(TorchFileError) -> PickleValue {
        let length = try next(cursor.integer(lengthBytes))
        let span = try next(cursor.span(length))
        return .string(UInt32(truncatingIfNeeded: span.lowerBound)..<UInt32(truncatingIfNeeded: span.upperBound))
    }

    private mutating func pushBytes(lengthBytes: Int) throws(TorchFileError) {
        _ = try string(lengthBytes: lengthBytes)
        try push(.opaque)
    }

    /// The last `count` values as a tuple, or as an item of the dictionary below them.
    private mutating func tuple(_ count: Int, set isItem: Bool = false) throws(TorchFileError) {
        guard stack.count - count >= marks.last ?? 0 else { throw failure("too few values on the stack") }
        let items = Array(stack.suffix(count))
        stack.removeLast(count)
        if isItem { try set(items[...]) } else { try push(try heap.newTuple(items[...])) }
    }

    private mutating func append(_ items: ArraySlice<PickleValue>) throws(TorchFileError) {
        guard stack.count > marks.last ?? 0, case .list(let index)? = stack.last else { throw failure("items appended to what is no list") }
        try heap.append(items, toList: index)
    }

    private mutating func set(_ items: ArraySlice<PickleValue>) throws(TorchFileError) {
        guard stack.count > marks.last ?? 0, case .dictionary(let index)? = stack.last else {
            throw failure("items set on what is no dictionary")
        }
        guard items.count % 2 == 0 else { throw failure("a key without a value") }
        try heap.append(items, toDictionary: index)
    }

    private mutating func addItems() throws(TorchFileError) {
        _ = try popMark()
        guard stack.count > marks.last ?? 0, case .opaque? = stack.last else { throw failure("items added to what is no set") }
    }

    // MARK: Memo

    private mutating func get(_ index: UInt32) throws(TorchFileError) {
        guard let value = memo[index] else { throw failure("memo \(index) was never set") }
        try push(value)
    }

    private mutating func put(_ index: UInt32) throws(TorchFileError) {
        guard stack.count > marks.last ?? 0, let value = stack.last else { throw failure("too few values on the stack") }
        // A hash table that has just doubled holds each entry in some 100 bytes.
        if memo.updateValue(value, forKey: index) == nil { try heap.charge(100) }
    }

    // MARK: Globals

    private mutating func global() throws(TorchFileError) {
        let module = try next(cursor.line(limit: 256))
        let name = try next(cursor.line(limit: 256))
        try push(.global(try named(Array(cursor.bytes[module]), Array(cursor.bytes[name]))))
    }

    private mutating func stackGlobal() throws(TorchFileError) {
        let name = heap.text(try pop())
        guard let module = heap.text(try pop()), let name else { throw failure("a global whose name is no text") }
        try push(.global(try named(Array(module.utf8), Array(name.utf8))))
    }

    private func named(_ module: [UInt8], _ name: [UInt8]) throws(TorchFileError) -> PickleGlobal {
        let (module, name) = (String(decoding: module, as: UTF8.self), String(decoding: name, as: UTF8.self))
        if let global = PickleGlobal.named(module: module, name: name) { return global }
        // Escaped where needed: the text goes to a terminal or a page.
        let shown = "\(module).\(name)".unicodeScalars.map { $0.isASCII && $0.value >= 0x20 && $0.value != 0x7F ? String($0) : "?" }
        throw .global(shown.joined(), offset: offset)
    }
}
