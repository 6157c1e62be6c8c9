import Files
import HTTP
import HTTPTypes
import Jobs
import Media
import Storage

/// A request that is refused, as an `application/problem+json` answer (RFC 9457).
struct APIError: RespondingError {
    /// The HTTP status.
    let status: HTTPResponse.Status
    /// A stable word that a client may act on.
    let code: String
    /// What is wrong, safe to show.
    let detail: String
    /// Which fields of the body are wrong.
    let errors: [Problem.Item]
    /// Fields of the answer.
    let fields: HTTPFields

    init(
        _ status: HTTPResponse.Status, _ code: String, _ detail: String, errors: [Problem.Item] = [], fields: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.fields = fields
    }

    func response() -> Response { Problem(status, code: code, detail: detail, errors: errors, fields: fields).response() }

    /// A body whose fields are wrong.
    static func invalid(_ errors: [FieldError]) -> APIError {
        APIError(
            .unprocessableContent, "invalid_request", JobsError.invalidFields(errors).description,
            errors: errors.prefix(ObjectReader.mostErrors).map { Problem.Item(pointer: $0.pointer, detail: $0.detail) })
    }

    /// A body of which one field is wrong.
    static func invalid(_ pointer: String, _ detail: String) -> APIError {
        invalid([FieldError(pointer: pointer, detail: detail)])
    }

    /// The token was good when the request came, and has been revoked since.
    static let revokedToken = APIError(
        .unauthorized, "unauthorized", "this token has been revoked",
        fields: [.wwwAuthenticate: "Bearer realm=\"pruner\", error=\"invalid_token\""])

    /// There is no room.
    static let diskFull = APIError(.init(code: 507, reasonPhrase: "Insufficient Storage"), "disk_full", "the disk has no room for this")

    /// The answer to an error of the layers below; nil for what a client can do nothing about.
    init?(_ error: any Error) {
        switch error {
        case let error as StorageError:
            switch error {
            case .notFound(let kind, let id): self.init(.notFound, "not_found", "there is no \(kind.rawValue) \(id.prefix(200))")
            case .inUse: self.init(.conflict, "in_use", error.description)
            case .uploadBusy:
                self.init(.init(code: 423, reasonPhrase: "Locked"), "upload_busy", error.description)
            case .wrongOffset: self.init(.conflict, "wrong_offset", error.description)
            case .damaged(let kind, _, _, _): self.init(.conflict, "\(kind.rawValue)_damaged", error.description)
            case .wrongState: self.init(.conflict, "wrong_state", error.description)
            case .tooMuchStored: self.init(.forbidden, "storage_limit", error.description)
            case .tooManyQueued: self.init(.tooManyRequests, "queue_limit", error.description, fields: [.retryAfter: "30"])
            case .tokenRevoked: self = .revokedToken
            case .invalidCursor(let id): self.init(.badRequest, "invalid_cursor", "after: \(id.prefix(200)) is not in this list")
            case .busy:
                self.init(
                    .serviceUnavailable, "busy", "the database is locked by another process: try again", fields: [.retryAfter: "5"])
            // ENFILE and EMFILE
            case .file(_, _, 23), .file(_, _, 24):
                self.init(.serviceUnavailable, "busy", "too many files are open here: try again", fields: [.retryAfter: "5"])
            // ENOSPC and EDQUOT
            case .file(_, _, 28), .file(_, _, 122): self = .diskFull
            default: return nil
            }
        case FilesError.tooManyOpen:
            self.init(
                .serviceUnavailable, "too_many_downloads", "as many files are being sent as the server may have open",
                fields: [.retryAfter: "10"])
        case let error as RequestMemoryError:
            switch error {
            case .tooLarge: self.init(.unprocessableContent, "too_much_memory", error.description)
            case .busy: self.init(.serviceUnavailable, "busy", error.description, fields: [.retryAfter: "5"])
            }
        case let error as ArchiveError:
            switch error {
            case .unreadable, .writing, .sizeMismatch: return nil
            default: self.init(.unprocessableContent, "invalid_archive", error.description)
            }
        default:
            guard let error = JobsError(error) else { return nil }
            self.init(error)
        }
    }

    private init(_ error: JobsError) {
        switch error {
        case .invalidFields(let errors): self = .invalid(errors)
        case .invalidName: self.init(.unprocessableContent, "invalid_name", error.description)
        case .invalidMetadata: self.init(.unprocessableContent, "invalid_metadata", error.description)
        case .invalidEmbeddings: self.init(.unprocessableContent, "invalid_embeddings", error.description)
        case .invalidPictures, .noPictures: self.init(.unprocessableContent, "invalid_picture", error.description)
        case .invalidCheckpoint, .configurationTooLarge: self.init(.unprocessableContent, "invalid_checkpoint", error.description)
        case .invalidExtractor: self.init(.unprocessableContent, "invalid_extractor", error.description)
        case .invalidStatistics:
            self.init(.unprocessableContent, "invalid_statistics", error.description)
        case .fileTooLarge: self.init(.contentTooLarge, "body_too_large", error.description)
        case .noPlan: self.init(.notFound, "not_found", error.description)
        }
    }
}
