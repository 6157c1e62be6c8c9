/// What can go wrong in the store: what was done, what was expected, what was found.
public enum StorageError: Error, Sendable, Equatable {
    /// The kinds of things the store keeps under an identifier or a name.
    public enum Kind: String, Sendable {
        case checkpoint, dataset, extractor, statistics, job, sweep, file, token, upload
    }

    /// Nothing of this kind has this identifier (or, for a file, this name).
    case notFound(Kind, id: String)
    /// It cannot be deleted while these live jobs need it.
    case inUse(Kind, id: String, jobs: [String])
    /// The job is not in a state that allows this verb.
    case wrongState(job: String, doing: String, expected: [JobStatus], found: JobStatus)
    /// Someone else is writing to the upload, or making something of it.
    case uploadBusy(id: String)
    /// The upload goes on somewhere else than the caller believed.
    case wrongOffset(id: String, expected: Int64, found: Int64)
    /// Nothing can be made of an upload before all of it is there.
    case uploadIncomplete(id: String, offset: Int64, length: Int64)
    /// A list was asked to go on after something that is not in it.
    case invalidCursor(String)
    /// Its owner may not have more bytes stored than this.
    case tooMuchStored(limit: Int64)
    /// Its owner may not have more jobs waiting than this.
    case tooManyQueued(limit: Int)
    /// The token that this was asked for with has been revoked.
    case tokenRevoked(id: String)
    /// A file of it is not what was stored.
    case damaged(Kind, id: String, file: String, found: String)
    /// Another process serves from this data folder.
    case folderLocked(path: String)
    /// The data folder was written by a later version of this program.
    case folderTooNew(path: String)
    /// The folder has stored things and its database holds nothing: it is missing, empty, or has lost its log.
    case databaseLost(path: String)
    /// The database belongs to another folder.
    case databaseForeign(path: String)
    /// The database's file is no database any more.
    case databaseDestroyed(path: String, found: String)
    /// Another process has the database locked, for longer than it is waited for.
    case busy(doing: String)
    /// A system call on a file failed.
    case file(doing: String, path: String, errno: Int32)
    /// SQLite refused.
    case database(doing: String, found: String)
}

extension StorageError {
    /// Whether the disk or SQLite failed, which may pass, rather than what was asked for.
    public var isOfTheDisk: Bool {
        switch self {
        case .file, .database, .busy: true
        default: false
        }
    }
}

extension StorageError {
    /// Whether the database is not the one that the folder had: nothing has been changed, and what to do is the operator's choice.
    public var isOfAnotherDatabase: Bool {
        switch self {
        case .databaseLost, .databaseForeign, .databaseDestroyed: true
        default: false
        }
    }

    private static func wayOut(_ path: String) -> String {
        "nothing was changed: put the database of a backup in its place (\(path)/pruner.sqlite, with no pruner.sqlite-wal beside it), "
            + "or go on without it (pruner doctor --adopt --data-dir \(path)), which gives back the checkpoints and datasets but no jobs "
            + "and no tokens"
    }
}

extension StorageError: CustomStringConvertible {
    /// One line for the log.
    public var description: String {
        switch self {
        case .notFound(let kind, let id): "no \(kind.rawValue) \(id)"
        case .inUse(let kind, let id, let jobs): "\(kind.rawValue) \(id) is needed by \(jobs.joined(separator: ", "))"
        case .wrongState(let job, let doing, let expected, let found):
            "cannot \(doing) \(job): it is \(found.rawValue), not \(expected.map(\.rawValue).joined(separator: " or "))"
        case .uploadBusy(let id): "\(id) is being written to or used"
        case .wrongOffset(let id, let expected, let found): "\(id) goes on at \(expected), not at \(found)"
        case .uploadIncomplete(let id, let offset, let length): "\(id) has \(offset) of its \(length) bytes"
        case .invalidCursor(let id): "cannot list after \(id): it is not in the list"
        case .tooMuchStored(let limit): "this token may have \(limit) bytes stored, and this would be more"
        case .tooManyQueued(let limit): "this token may have \(limit) jobs waiting, and has them"
        case .tokenRevoked(let id): "\(id) has been revoked"
        case .damaged(let kind, let id, let file, let found):
            "\(file) of \(id) is damaged, it \(found): "
                + (kind == .file ? "run the job again" : "upload the same \(kind.rawValue) again, or run the job that made it, to mend it")
        case .folderLocked(let path): "another process uses \(path)"
        case .folderTooNew(let path): "\(path) was written by a later version"
        case .databaseLost(let path):
            "the database in \(path) holds nothing, but the folder has stored checkpoints or datasets: the database, or its log "
                + "pruner.sqlite-wal, was lost; \(Self.wayOut(path))"
        case .databaseForeign(let path):
            "the database in \(path) belongs to another data folder; \(Self.wayOut(path)); if it is the right one, remove \(path)/identity"
        case .databaseDestroyed(let path, let found):
            "the database in \(path) is destroyed (\(found)); \(Self.wayOut(path))"
        case .busy(let doing): "cannot \(doing): another process has the database locked"
        case .file(let doing, let path, let errno): "cannot \(doing) \(path): errno \(errno)"
        case .database(let doing, let found): "cannot \(doing): \(found)"
        }
    }
}
