/// What people call a checkpoint, a dataset, a job, or a piece of a job's metadata. It is shown in lists, logs and terminals: what would
/// move their cursor, break their lines or turn their text around is in no name.
package enum GivenName {
    /// Why a name is refused, as the rest of a sentence; nil when it is not.
    package static func trouble(_ name: String) -> String? {
        for scalar in name.unicodeScalars where isControl(scalar) {
            let number = String(scalar.value, radix: 16, uppercase: true)
            return "must not hold control characters (U+\(String(repeating: "0", count: max(0, 4 - number.count)))\(number))"
        }
        return nil
    }

    /// The name, checked.
    ///
    /// - Throws: ``JobsError/invalidName(_:)``.
    package static func checked(_ name: String?) throws(JobsError) -> String? {
        guard let name, let trouble = trouble(name) else { return name }
        throw .invalidName(trouble)
    }

    /// C0, DEL and C1; Unicode's separators of lines and paragraphs; what embeds, overrides and isolates directions of writing.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
