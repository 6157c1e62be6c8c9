/// What a line of metadata says a picture's class is.
enum PictureLabel: Sendable, Equatable {
    /// The number of the class.
    case number(Int)
    /// Its name.
    case name(String)
    /// A field of a table, which does not tell a number from a text: all fields together do.
    case field(String)

    /// The label as a number; nil where it is a text.
    var number: Int? {
        switch self {
        case .number(let number): number
        case .name: nil
        case .field(let text): Int(text)
        }
    }

    /// The label as a name; nil where it is a number.
    var name: String? {
        switch self {
        case .number: nil
        case .name(let text), .field(let text): text
        }
    }
}
