/// Why a text is no acceptable YAML document.
package struct YAMLError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, safe to show to whoever sent it.
    package let description: String

    init(_ description: String) { self.description = description }
}
