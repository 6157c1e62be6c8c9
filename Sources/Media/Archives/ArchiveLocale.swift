import CArchive
import Foundation

/// What libarchive makes of names, by the thread's character type: every call that reads a header runs in one of these.
enum ArchiveLocale {
    /// Names stay the bytes that they are: "C" has no letters but ASCII's, and a name of a tar that cannot be turned into them is given
    /// as it stands.
    case bytes
    /// Names come in UTF-8 from whatever their entry says that they are in, and composed (Unicode's form C). A zip's are not given at
    /// all otherwise.
    case utf8

    // Made once and never changed or freed; uselocale only reads them.
    nonisolated(unsafe) private static let plain = newlocale(1 << Int32(LC_CTYPE), "C", nil)
    nonisolated(unsafe) private static let unicode = newlocale(1 << Int32(LC_CTYPE), "C.UTF-8", nil)

    /// Runs `body` with this thread's character type set (unchanged where the system has no C.UTF-8).
    func use<T>(_ body: () -> T) -> T {
        guard let locale = self == .bytes ? Self.plain : Self.unicode else { return body() }
        let previous = uselocale(locale)
        defer { _ = uselocale(previous) }
        return body()
    }

    /// libarchive's own words for the last trouble with `archive`.
    static func reason(_ archive: OpaquePointer) -> String {
        archive_error_string(archive).map { String(cString: $0) } ?? "unknown"
    }
}
