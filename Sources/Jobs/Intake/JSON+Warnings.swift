import Documents
import Engine

extension JSON {
    /// The object with all of its `warnings` in today's form, as earlier versions stored sentences alone, and with more of them.
    func warning(_ more: [Warning] = []) -> JSON { replacing(["warnings": ([Warning](of: self) + more).json]) }
}
