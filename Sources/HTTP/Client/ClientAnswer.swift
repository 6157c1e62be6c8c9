/// What another server answered.
package struct ClientAnswer: Sendable {
    /// The status, 200 to 599; 0 where none has come.
    package var status: Int
    /// Whether it is an answer's own status, and none that goes before it.
    package var isFinal: Bool { status >= 200 }
    /// Names and values as they came, without those of `100 Continue`.
    package var fields: [(name: String, value: String)] = []
    /// Empty when it was handed on as it came.
    package var body: [UInt8] = []

    /// The first value of a field, whatever the case of its name (RFC 9110, section 5.1).
    package subscript(name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
