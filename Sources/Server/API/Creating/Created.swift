import Documents
import HTTP
import HTTPTypes

/// The answer to a creating POST: 201, and where the new thing is.
struct Created {
    /// Fields of the answer, `Location` first.
    let fields: [(name: HTTPField.Name, value: String)]
    let body: JSON

    init(_ body: JSON, at location: String, fields: [(name: HTTPField.Name, value: String)] = []) {
        self.fields = [(.location, location)] + fields
        self.body = body
    }

    /// Reads what ``kept`` wrote.
    init(kept text: String) throws {
        let document = try JSON(parsing: Array(text.utf8))
        guard case .object(let members) = document["fields"] else { throw CreatedError(text: text) }
        fields = members.compactMap { member in
            guard let name = HTTPField.Name(member.name), case .string(let value) = member.value else { return nil }
            return (name, value)
        }
        body = document["body"] ?? .null
    }

    /// The answer as it is kept for its idempotency key.
    var kept: String {
        JSON.object([
            .init("fields", .object(fields.map { .init($0.name.rawName, .string($0.value)) })), .init("body", body),
        ]).compact
    }

    var response: Response {
        var fields = HTTPFields()
        for (name, value) in self.fields { fields[name] = value }
        return .json(body, status: .created, fields: fields)
    }
}

/// A kept answer that cannot be read.
private struct CreatedError: Error {
    let text: String
}
