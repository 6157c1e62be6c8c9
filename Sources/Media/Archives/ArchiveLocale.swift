import CArchive
import Foundation

/// libarchive turns names into the thread's locale; a server may run in "C", where "ü" has no bytes. So every call into it runs in UTF-8.
enum ArchiveLocale {
    // Made once and never changed or freed; uselocale only reads it.
    nonisolated(unsafe) private static let utf8 = newlocale(1 << Int32(LC_CTYPE), "C.UTF-8", nil)

    /// Runs `body` with this thread's character type set to UTF-8 (unchanged where the system has no C.UTF-8; then names stay raw bytes, which is right too).
    static func withUTF8<T>(_ body: () -> T) -> T {
        guard let utf8 else { return body() }
        let previous = uselocale(utf8)
        defer { _ = uselocale(previous) }
        return body()
    }

    /// libarchive's own words for the last trouble with `archive`.
    static func reason(_ archive: OpaquePointer) -> String {
        archive_error_string(archive).map { String(cString: $0) } ?? "unknown"
    }
}
