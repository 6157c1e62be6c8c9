/// Whom events hold up that are not taken: those of the same bearer to the same host and port. They are told one at a time.
///
/// By the bearer too, as many may tell the same host, and one who has it hang must not hang the others.
public struct WebhookLane: Hashable, Sendable {
    /// The token of who posted the jobs; empty where they needed none.
    public let owner: String
    /// Host and port.
    public let host: String

    /// As the rows have it.
    var key: String { "\(owner) \(host)" }

    /// Host and port of a URL that was found to be right: in lower case, with the port that the scheme has.
    static func host(of url: String) -> String {
        let parts = url.lowercased().split(separator: "://", maxSplits: 1)
        guard parts.count == 2 else { return url }
        let authority = parts[1].prefix { $0 != "/" && $0 != "?" }
        let name = authority.last == "." ? authority.dropLast() : authority
        let hasPort = name.last != "]" && name.split(separator: "]").last?.contains(":") ?? false
        return hasPort ? String(name) : "\(name):\(parts[0] == "https" ? 443 : 80)"
    }
}
