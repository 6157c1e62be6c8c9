import Documents
import Jobs
import Storage

extension Webhook {
    /// Reads the contract's webhook object.
    static func read(_ reader: inout ObjectReader) -> Webhook {
        func text(_ name: String, limit: Int, _ trouble: (String) -> String?) -> String {
            let known = reader.errors.count
            let text = reader.requiredText(name, limit: limit)
            if reader.errors.count == known, let trouble = trouble(text) { reader.refuse(name, trouble) }
            return text
        }
        return Webhook(
            url: text("url", limit: WebhookURL.limit, WebhookURL.trouble),
            secret: text("secret", limit: 256, WebhookSignature.trouble))
    }
}

extension JobRequest {
    /// Reads a request body, and whom to tell with it.
    ///
    /// - Returns: the request, and what is wrong with it.
    package static func read(_ body: JSON) -> (request: JobRequest, errors: [FieldError]) { read(body, webhook: Webhook.read) }
}

extension SweepRequest {
    /// Reads a request body.
    package static func read(_ body: JSON) -> (request: SweepRequest, errors: [FieldError]) { read(body, webhook: Webhook.read) }
}
