import GRDB

/// An event that is to be told now.
public struct WebhookDelivery: Sendable, Equatable {
    /// `evt_…`: the same at every attempt, so that a receiver can tell that it has it already.
    public let event: String
    /// The job that ended.
    public let job: String
    /// Where to, and how it is signed.
    public let webhook: Webhook
    /// How often it was tried before.
    public let attempts: Int
    /// What it must not be held up by, and what it may hold up.
    public let lane: WebhookLane

    init(_ row: Row) {
        event = row["event"]
        job = row["job"]
        webhook = Webhook(url: row["url"], secret: row["secret"])
        attempts = row["attempts"]
        lane = WebhookLane(owner: row["token"] ?? "", host: row["host"])
    }
}
