import Documents
import Storage

/// A command-line verb that works on the data folder. Where a server holds the folder the server does it, else the command itself;
/// either way ``perform`` runs once, in the one process that has the folder's lock.
///
/// A new verb is one more value, in a file of its own, named in ``all``, and a command that calls ``DataFolderDoor/perform(_:_:)``.
package struct DataVerb: Sendable {
    /// What the door calls it.
    let name: String
    /// Whether it has a sense where there is no folder yet.
    var makesFolder = false
    /// Whether it works without the folder's database: one that is lost is put aside, and a new one made.
    var replacesDatabase = false
    /// Does it; takes as long as it takes. What it throws is told to the operator as it is.
    let perform: @Sendable (_ arguments: JSON, _ database: Database) throws -> JSON

    /// Every verb that a running server does.
    static let all: [DataVerb] = [.createToken, .listTokens, .revokeToken, .collectGarbage, .backUp, .examine, .adopt]
}

/// Why a verb was not done, in the words of whoever tried.
struct DataVerbError: Error, CustomStringConvertible {
    let description: String
}
