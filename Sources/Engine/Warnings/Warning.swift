import Documents

/// What is told of a checkpoint, a dataset or a job that stops nothing: what was assumed, chosen or left out, or looks wrong.
public struct Warning: Sendable, Equatable {
    /// A stable word for what it is about; one that this version has no name for where the warning was stored by another.
    public let code: String
    /// A sentence for a person.
    public let detail: String

    /// A warning of this version.
    public init(_ code: WarningCode, _ detail: String) {
        self.init(code: code.rawValue, detail: detail)
    }

    /// One that was stored.
    public init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }

    /// Reads one that was stored: earlier versions stored the sentence alone.
    ///
    /// Returns nil for what is neither.
    public init?(_ json: JSON) {
        if case .string(let detail) = json {
            self.init(.note, detail)
        } else if case .string(let code)? = json["code"], case .string(let detail)? = json["detail"] {
            self.init(code: code, detail: detail)
        } else {
            return nil
        }
    }

    /// As the API tells it.
    public var json: JSON { ["code": .string(code), "detail": .string(detail)] }
}

extension [Warning] {
    /// The `warnings` of an object that was stored; none where it has none.
    public init(of stored: JSON) {
        guard case .array(let warnings)? = stored["warnings"] else {
            self = []
            return
        }
        self = warnings.compactMap(Warning.init)
    }

    /// As the API tells them.
    public var json: JSON { .array(map(\.json)) }
}
