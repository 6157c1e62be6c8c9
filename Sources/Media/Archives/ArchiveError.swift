/// What can be wrong with an archive, read or written; entries are named as the archive names them.
package enum ArchiveError: Error, Equatable, Sendable {
    /// The bytes are not a tar, tar.gz or zip; `found` says what they look like instead.
    case notAnArchive(found: String)
    /// An archive without a single file.
    case empty
    /// Cut short, or bytes that contradict each other; `entry` is nil where the trouble is outside any entry.
    case damaged(entry: String?, reason: String)
    /// A name that must not become a path: absolute, with `..`, not UTF-8, too long, with control characters or backslashes.
    case unsafePath(entry: String, reason: String)
    /// A link, device or other entry that is neither a file nor a folder.
    case unsupportedEntry(entry: String, kind: String)
    /// A second entry for the same path, or a path that is both a file and a folder.
    case duplicate(entry: String)
    /// An entry that needs a password.
    case encrypted(entry: String)
    /// More entries than allowed, folders and skipped files included.
    case tooManyEntries(limit: Int)
    /// More folders than allowed, the one too many around this entry.
    case tooManyFolders(entry: String, limit: Int)
    /// The names of all files and folders together pass the limit (bytes) at this entry.
    case namesTooLong(entry: String, limit: Int)
    /// Uncompressed, the archive passes the limit (bytes) at this entry.
    case tooLarge(entry: String, limit: Int64)
    /// Uncompressed, an archive of `packed` bytes passes at this entry what so small a one may come to (bytes).
    case tooCompressed(entry: String, packed: Int64, limit: Int64)
    /// The file itself, or the source of an entry to be written, cannot be read.
    case unreadable(path: String, reason: String)
    /// The source of an entry to be written is not as long as announced (bytes).
    case sizeMismatch(entry: String, expected: Int64, found: Int64)
    /// libarchive could not write; `reason` is its own words.
    case writing(reason: String)
}

extension ArchiveError: CustomStringConvertible {
    /// One sentence that may be shown to whoever sent the archive.
    package var description: String {
        switch self {
        case .notAnArchive(let found): "not a tar, tar.gz or zip archive, but \(found)"
        case .empty: "the archive holds no files"
        case .damaged(nil, let reason): "the archive is damaged: \(reason)"
        case .damaged(let entry?, let reason): "the archive is damaged at \(Self.shown(entry)): \(reason)"
        case .unsafePath(let entry, let reason): "the archive's entry \(Self.shown(entry)) has an unsafe name: \(reason)"
        case .unsupportedEntry(let entry, let kind):
            "the archive's entry \(Self.shown(entry)) is a \(kind); only files and folders are taken"
                + (kind.hasSuffix("link")
                    ? ": pack what it leads to in its place, with tar -h --hard-dereference, or with zip without -y" : "")
        case .duplicate(let entry):
            "the archive holds \"\(entry)\" more than once"
                // Where files are told apart by texts, such names are one.
                + (entry.utf8.allSatisfy { $0 < 0x80 }
                    ? "" : ", or under names that differ in nothing but how accents are composed: rename one of them")
        case .encrypted(let entry): "the archive's entry \"\(entry)\" is encrypted"
        case .tooManyEntries(let limit): "the archive has more than \(limit) entries"
        case .tooManyFolders(let entry, let limit): "the archive has more than \(limit) folders, at \"\(entry)\""
        case .namesTooLong(let entry, let limit): "the archive's names together pass \(limit) bytes at \"\(entry)\""
        case .tooCompressed(let entry, let packed, let limit):
            "uncompressed, the archive of \(packed) bytes passes \(limit) at \"\(entry)\", which is more than so small a one may come to"
        case .tooLarge(let entry, let limit): "uncompressed, the archive passes \(limit) bytes at \"\(entry)\""
        case .unreadable(let path, let reason): "\"\(path)\" cannot be read: \(reason)"
        case .sizeMismatch(let entry, let expected, let found): "\"\(entry)\" should have \(expected) bytes, but has \(found)"
        case .writing(let reason): "the archive cannot be written: \(reason)"
        }
    }

    /// How an entry without a name that could be read is called: by its place, counted from 1.
    static func numbered(_ place: Int) -> String { "number \(place)" }

    /// An entry in a sentence: its name in quotation marks, its place without.
    private static func shown(_ entry: String) -> String {
        let place = entry.hasPrefix("number ") ? Int(entry.dropFirst(7)) : nil
        return place.map(numbered) == entry ? entry : "\"\(entry)\""
    }
}
