/// An entry's extra fields, of which only zip64's matters (PKWARE APPNOTE 4.5.3).
struct ZipExtra {
    private let zip64: [UInt8]?
    private let isBroken: Bool

    init(_ bytes: ArraySlice<UInt8>) {
        var cursor = ByteCursor(Array(bytes))
        var found: [UInt8]?
        var isBroken = false
        while cursor.remaining >= 4, let kind = cursor.number(2), let length = cursor.integer(2) {
            guard let span = cursor.span(length), kind != 1 || found == nil else {
                isBroken = true
                break
            }
            if kind == 1 { found = Array(cursor.bytes[span]) }
        }
        zip64 = found
        self.isBroken = isBroken
    }

    /// The numbers as they are, or, where all their bits are set, from the zip64 field, in the order in which they stand there.
    ///
    /// nil when the field is missing, too short, there twice, or the fields are no fields.
    func wide(_ numbers: [UInt64]) -> [UInt64]? {
        guard !isBroken else { return nil }
        var cursor = ByteCursor(zip64 ?? [])
        var result: [UInt64] = []
        for number in numbers {
            guard number == 0xFFFF_FFFF else {
                result.append(number)
                continue
            }
            guard let wide = cursor.number(8) else { return nil }
            result.append(wide)
        }
        return result
    }
}
