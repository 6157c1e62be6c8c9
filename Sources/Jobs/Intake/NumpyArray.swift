/// An array in NumPy's format: a magic, a version, the length of a header that is a Python dictionary, filled up with spaces, and numbers
/// (`numpy.lib.format`).
struct NumpyArray {
    let shape: [Int]
    /// In the order of rows.
    let numbers: [Double]

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// Bytes of a header at most; NumPy's own are below a hundred.
    private static let longestHeader = 4096

    /// Reads an array of float64 or float32, little-endian, of one or two dimensions.
    ///
    /// - Parameters:
    ///   - name: what it is called in errors.
    ///   - most: how many numbers it may have.
    init(_ bytes: [UInt8], name: String, most: Int) throws(StatisticsError) {
        func refuse(_ trouble: String) -> StatisticsError { .array(name, trouble: trouble) }
        guard bytes.count >= 10, bytes.starts(with: Self.magic), (1...3).contains(bytes[6]) else { throw refuse("is no NumPy array") }
        let isShort = bytes[6] == 1
        guard bytes.count >= 12 else { throw refuse("is cut short") }
        let length = (0..<(isShort ? 2 : 4)).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        let start = (isShort ? 10 : 12) + length
        guard length <= Self.longestHeader, start <= bytes.count else { throw refuse("has a header that is too long, or cut short") }
        let words = Self.words(String(decoding: bytes[(isShort ? 10 : 12)..<start], as: UTF8.self))
        guard let type = words["descr"], let order = words["fortran_order"], let told = words["shape"], words.count == 3 else {
            throw refuse("has a header that does not tell its numbers")
        }
        guard let size = ["'<f8'": 8, "'<f4'": 4][type] else { throw refuse("holds \(type.prefix(20)) numbers, not float64 or float32") }
        guard order == "False" || order == "True" else { throw refuse("has a header that does not tell its order") }
        let sides = told.dropFirst().dropLast().split(separator: ",").map { Int(String($0.filter { $0 != " " })) }
        let shape = sides.compactMap { $0 }
        guard told.hasPrefix("("), told.hasSuffix(")"), shape.count == sides.count, (1...2).contains(shape.count),
            shape.allSatisfy({ (1...most).contains($0) }), shape.reduce(1, { min($0 * $1, most + 1) }) <= most
        else { throw refuse("has the shape \(told.prefix(40))") }
        let count = shape.reduce(1, *)
        guard bytes.count - start == count * size else { throw refuse("has \(bytes.count - start) bytes of numbers, not \(count * size)") }
        let turned = order == "True" && shape.count == 2
        var numbers = [Double](repeating: 0, count: count)
        bytes.withUnsafeBytes { bytes in
            for place in 0..<count {
                let at = start + place * size
                let number =
                    size == 8
                    ? Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
                    : Double(Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))))
                numbers[turned ? place % shape[0] * shape[1] + place / shape[0] : place] = number
            }
        }
        (self.shape, self.numbers) = (shape, numbers)
    }

    /// The members of a dictionary whose values are words, or tuples of numbers; what is written otherwise is in none.
    private static func words(_ text: String) -> [String: String] {
        var words: [String: String] = [:]
        var rest = text.drop { $0 == " " }
        guard rest.first == "{", let end = rest.lastIndex(of: "}") else { return [:] }
        rest = rest[rest.index(after: rest.startIndex)..<end]
        while let quote = rest.firstIndex(of: "'") {
            rest = rest[rest.index(after: quote)...]
            guard let last = rest.firstIndex(of: "'") else { return [:] }
            let key = String(rest[..<last])
            rest = rest[rest.index(after: last)...].drop { $0 == ":" || $0 == " " }
            let stop = rest.first == "(" ? rest.firstIndex(of: ")").map(rest.index(after:)) : rest.firstIndex(of: ",") ?? rest.endIndex
            guard let stop, words.updateValue(String(rest[..<stop]).trimmed, forKey: key) == nil else { return [:] }
            rest = rest[stop...]
        }
        return words
    }

    /// The bytes of an array of float64: version 1.0, filled up to a multiple of 64 bytes.
    static func bytes(_ numbers: [Double], shape: [Int]) -> [UInt8] {
        let sides = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let told = "{'descr': '<f8', 'fortran_order': False, 'shape': (\(sides)), }"
        let length = (told.utf8.count + 1 + 10 + 63) / 64 * 64 - 10
        let header = told + String(repeating: " ", count: length - told.utf8.count - 1) + "\n"
        let start: [UInt8] = magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)]
        return start + Array(header.utf8) + numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init) }
    }
}

extension String {
    /// Without spaces at either end.
    fileprivate var trimmed: String {
        var text = drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
