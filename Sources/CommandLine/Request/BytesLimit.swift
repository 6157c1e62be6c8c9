import ArgumentParser
import Documents

/// The most bytes that a cut may leave on the command line: `20000000`, `20MB`, `1.5GiB`, or a share of the original's, as `50%`.
package struct BytesLimit: ExpressibleByArgument, Equatable {
    package let json: JSON

    private static let units: [(suffix: String, bytes: Double)] = [
        ("KIB", 0x1p10), ("MIB", 0x1p20), ("GIB", 0x1p30), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("B", 1),
    ]

    package init?(argument: String) {
        if let limit = CountLimit(argument: argument) {
            json = limit.json
            return
        }
        let text = argument.uppercased()
        guard let unit = Self.units.first(where: { text.hasSuffix($0.suffix) }),
            let number = NumberArgument(argument: String(text.dropLast(unit.suffix.count)).trimmingSpaces),
            let bytes = Int(exactly: (number.value * unit.bytes).rounded(.down))
        else { return nil }
        json = .integer(bytes)
    }
}

extension String {
    fileprivate var trimmingSpaces: String { filter { $0 != " " } }
}
