import Dispatch
import Foundation

/// Tells when a file has been written to, so that nobody has to look again and again.
package final class FileChanges {
    private let changes: AsyncStream<Void>
    /// Wakes whoever waits, for another reason than the file.
    let told: AsyncStream<Void>.Continuation
    private let source: any DispatchSourceRead

    /// Begins to watch a file that is there.
    package init(_ file: URL) throws {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0, inotify_add_watch(descriptor, file.path, UInt32(IN_MODIFY)) >= 0 else { throw POSIXError(.ENOSYS) }
        let (changes, told) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        (self.changes, self.told) = (changes, told)
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
        source.setEventHandler {
            var events = [UInt8](repeating: 0, count: 4096)
            while read(descriptor, &events, events.count) > 0 {}
            told.yield()
        }
        source.setCancelHandler { close(descriptor) }
        source.resume()
    }

    deinit { source.cancel() }

    /// Waits until `condition` holds, looking at it after each change.
    package func wait(until condition: () throws -> Bool) async rethrows {
        if try condition() { return }
        for await _ in changes where try condition() { return }
    }
}
