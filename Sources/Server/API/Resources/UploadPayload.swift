import Documents
import Foundation
import HTTP
import HTTPTypes
import Storage

extension Upload {
    /// The API's upload object.
    var payload: JSON {
        [
            "id": .string(id), "object": "upload", "created_at": .string(createdAt.text), "expires_at": .string(expiresAt.text),
            "offset": .integer(Int(offset)), "length": .integer(Int(length)),
        ]
    }

    var location: String { "/v1/uploads/\(id)" }

    /// What tus clients are told of it.
    var fields: [(name: HTTPField.Name, value: String)] {
        [
            (.uploadOffset, String(offset)), (.uploadLength, String(length)),
            (.uploadExpires, HTTPDate.text(Int(expiresAt.milliseconds / 1000))),
        ] + (metadata.isEmpty ? [] : [(.uploadMetadata, metadata)])
    }

    var created: Created { Created(payload, at: location, fields: fields) }
}
