import Documents
import Storage

/// `token create`, `token list`, `token revoke`.
extension DataVerb {
    /// `{name, scope, limits…}` → the token with its secret.
    package static let createToken = DataVerb(name: "token-create", makesFolder: true) { arguments, database in
        guard case .string(let name) = arguments["name"], case .string(let word) = arguments["scope"],
            let scope = AccessToken.Scope(rawValue: word)
        else { throw DataVerbError(description: "a token needs a name and a scope") }
        let limits = AccessToken.Limits(
            uploadBytes: arguments["max_upload_bytes"]?.integer.map(Int64.init),
            storedBytes: arguments["max_stored_bytes"]?.integer.map(Int64.init), queuedJobs: arguments["max_queued_jobs"]?.integer)
        let (token, secret) = try database.tokens.create(name: name, scope: scope, limits: limits)
        guard case .object(let members) = describe(token) else { return .null }
        return .object(members + [.init("token", .string(secret))])
    }

    /// → `{"data": […]}`, never with secrets.
    package static let listTokens = DataVerb(name: "token-list") { _, database in
        ["data": .array(try database.tokens.list().map(describe))]
    }

    /// `{id}`.
    package static let revokeToken = DataVerb(name: "token-revoke") { arguments, database in
        guard case .string(let id) = arguments["id"] else { throw DataVerbError(description: "which token?") }
        try database.tokens.revoke(id)
        return ["id": .string(id), "revoked": true]
    }

    private static func describe(_ token: AccessToken) -> JSON {
        [
            "id": .string(token.id), "name": .string(token.name), "scope": .string(token.scope.rawValue),
            "created_at": .string(token.createdAt.text), "max_upload_bytes": .optional(token.limits.uploadBytes.map(Int.init)),
            "max_stored_bytes": .optional(token.limits.storedBytes.map(Int.init)), "max_queued_jobs": .optional(token.limits.queuedJobs),
        ]
    }
}
