import Documents

/// The archives that are read and written.
package enum ArchiveFormat: String, CaseIterable, Sendable {
    case tar
    case tarGz = "tar.gz"
    case zip

    /// The format of a file to be written, by the end of its name; nil where that says none.
    package init?(endOf name: String) {
        let name = name.lowercased()
        guard let format = name.hasSuffix(".tgz") ? .tarGz : Self.allCases.first(where: { name.hasSuffix(".\($0.rawValue)") }) else {
            return nil
        }
        self = format
    }

    /// The format that a file beginning with `head` (its first 512 bytes, or all of it) claims to be.
    static func detect(_ head: [UInt8]) throws(ArchiveError) -> ArchiveFormat {
        guard !head.isEmpty else { throw .notAnArchive(found: "nothing at all") }
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || head.starts(with: [0x50, 0x4B, 0x05, 0x06]) { return .zip }
        if head.starts(with: [0x1F, 0x8B]) { return .tarGz }
        if isTarHeader(head) { return .tar }
        throw .notAnArchive(found: name(of: head))
    }

    /// POSIX pax, "ustar Interchange Format": the header's checksum counts its own field as spaces; a block of zeros is an empty tar.
    package static func isTarHeader(_ head: [UInt8]) -> Bool {
        guard head.count >= 512 else { return false }
        if head.prefix(512).allSatisfy({ $0 == 0 }) { return true }
        let field = head[148..<156].drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        guard !field.isEmpty else { return false }
        let claimed = field.reduce(0) { $0 * 8 + Int($1 - 0x30) }
        var unsigned = 8 * 0x20
        var signed = 8 * 0x20
        for (index, byte) in head.prefix(512).enumerated() where !(148..<156).contains(index) {
            unsigned += Int(byte)
            signed += Int(Int8(bitPattern: byte))
        }
        return claimed == unsigned || claimed == signed
    }

    private static func name(of head: [UInt8]) -> String {
        let signatures: [([UInt8], String)] = [
            ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"), ([0xFF, 0xD8, 0xFF], "a JPEG picture"), (Array("GIF8".utf8), "a GIF picture"),
            (Array("BZh".utf8), "a bzip2 file"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz file"), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd file"),
            ([0x37, 0x7A, 0xBC, 0xAF], "a 7z file"), (Array("Rar!".utf8), "a rar file"), (Array("%PDF".utf8), "a PDF document"),
        ]
        if let (_, name) = signatures.first(where: { head.starts(with: $0.0) }) { return name }
        if let name = Placeholder.name(head) { return name }
        if head.count > 9, head[8] == UInt8(ascii: "{"), head[7] == 0 { return "a safetensors file" }
        if head.allSatisfy({ $0 >= 0x20 || (0x09...0x0D).contains($0) }) { return "text" }
        return "bytes of an unknown kind"
    }
}
