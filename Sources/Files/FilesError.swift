/// Why a file is not opened though it is there.
package enum FilesError: Error, Equatable {
    /// As many are open as may be.
    case tooManyOpen
}
