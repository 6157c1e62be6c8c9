import Documents
import HTTP
import Jobs

/// What a server says of a request that it refuses: `application/problem+json` (RFC 9457), or whatever stands in its place.
struct ServiceRefusal: Error, CustomStringConvertible {
    let status: Int
    let code: String
    let detail: String
    /// What is wrong with the fields of the body.
    let errors: [FieldError]

    init(_ answer: ClientAnswer) {
        status = answer.status
        let document = (try? JSON(parsing: answer.body)) ?? .null
        code = document["code"]?.word ?? ""
        // Something between us and the server may answer in its own way.
        detail = document["detail"]?.word ?? "the server answers with status \(answer.status)"
        var errors: [FieldError] = []
        if case .array(let items) = document["errors"] {
            for item in items {
                if let pointer = item["pointer"]?.word, let detail = item["detail"]?.word {
                    errors.append(FieldError(pointer: pointer, detail: detail))
                }
            }
        }
        self.errors = errors
    }

    var description: String { failure.description }

    /// Whether the same request may be answered otherwise in a while.
    var mayPass: Bool {
        [502, 503, 504].contains(status) || code == "idempotency_key_in_use" || code == "upload_busy" || code == "wrong_offset"
    }

    /// The same for whoever gave the command.
    var failure: CommandFailure {
        let text = errors.isEmpty ? detail : RequestErrors.text(errors)
        switch status {
        case 401: return CommandFailure(.denied, "\(text) (PRUNER_TOKEN or --token-file gives a token)")
        case 403: return CommandFailure(.denied, text)
        case 422 where code == "invalid_request": return CommandFailure(.usage, text)
        case 413, 415, 422: return CommandFailure(.data, text)
        default: return CommandFailure(.failed, text)
        }
    }
}

extension JSON {
    /// A string's text.
    var word: String? { if case .string(let text) = self { text } else { nil } }
}
