import Foundation

extension DataFolder {
    /// What is wrong with the folder; nil when it is the one that was locked, and can be written to.
    var trouble: StoreTrouble? {
        guard let found = FileIdentity(path: url.path) else { return StoreTrouble("is not where it was", url.path) }
        let path = url.appendingPathComponent("lock", isDirectory: false).path
        guard found == identity, FileIdentity(path: path) == FileIdentity(descriptor: lock) else {
            return StoreTrouble("is another one than was opened", url.path)
        }
        for part in [blobs, uploads] where access(part.path, R_OK | W_OK | X_OK) != 0 {
            return StoreTrouble("lacks a part", "\(part.path): errno \(errno)")
        }
        return writingTrouble
    }

    /// Makes a file and removes it. A disk that is full is no fault of the folder.
    private var writingTrouble: StoreTrouble? {
        let path = temporary.appendingPathComponent("ready-\(UUID().uuidString)", isDirectory: false).path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let found = errno
        if descriptor >= 0 {
            close(descriptor)
            unlink(path)
            return nil
        }
        // EMFILE and ENFILE: it is not the folder that has no room.
        if [ENOSPC, EDQUOT, EMFILE, ENFILE].contains(found) { return nil }
        return StoreTrouble("cannot be written to", "\(path): errno \(found)")
    }
}
