/// What a person says beside an archive of pictures.
package struct DatasetChoices: Sendable {
    /// What becomes of an archive some of whose pictures cannot be read.
    package enum Failure: String, CaseIterable, Sendable {
        /// It is refused.
        case fail
        /// They are left out.
        case skip
    }

    /// What becomes of pictures that EXIF says are turned.
    package enum Orientation: String, CaseIterable, Sendable {
        /// They stay as they are stored.
        case ignore
        /// They are turned.
        case apply
    }

    package var onError: Failure
    package var exif: Orientation

    /// What was said.
    package init(onError: Failure = .fail, exif: Orientation = .ignore) {
        self.onError = onError
        self.exif = exif
    }
}
