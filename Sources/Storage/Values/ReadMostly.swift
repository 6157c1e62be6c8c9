import Foundation

/// A value that all threads read and few change.
///
/// Readers do not wait for each other. With a mutex that every request takes, threads that have to wait once wait ever after: each goes to
/// sleep behind the one before and is handed the mutex when it is next in line, whether or not it has a processor.
package final class ReadMostly<Value: Sendable>: @unchecked Sendable {
    // Sendable: `value` is read only while `lock` is held for reading, and changed only while it is held for writing.
    private var value: Value
    private let lock: UnsafeMutablePointer<pthread_rwlock_t>

    package init(_ value: Value) {
        self.value = value
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_rwlock_t())
        pthread_rwlock_init(lock, nil)
    }

    deinit {
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }

    /// What `body` makes of the value, which does not change meanwhile.
    package func read<Result>(_ body: (Value) -> Result) -> Result {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        return body(value)
    }

    /// Changes the value; nobody reads it meanwhile.
    package func change<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        return try body(&value)
    }
}
