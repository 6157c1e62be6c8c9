import Documents
import HTTP
import HTTPTypes

extension API {
    /// `/openapi.json`; the last one, as it tells of all of them.
    func addDescription(_ routes: inout Routes) {
        let operation = Operation(
            "describe", "This description.", answers: [.init(status: 200, detail: "OpenAPI 3.1.", contents: [.binary("application/json")])])
        let described = Routes(routes, describing: .get, "/openapi.json", operation)
        let document = OpenAPIDocument(routes: described).json.compact
        on(&routes, .get, "/openapi.json", operation) { _ in
            Response(status: .ok, fields: [.contentType: "application/json"], body: .bytes(Array(document.utf8)))
        }
    }

    /// `/metrics`.
    func addMetrics(_ routes: inout Routes) {
        on(
            &routes, .get, "/metrics",
            Operation(
                "scrape", "What Prometheus collects.",
                answers: [.init(status: 200, detail: "The text exposition format, 0.0.4.", contents: [.binary(PrometheusText.type)])])
        ) { _ in
            Response(
                status: .ok, fields: [.contentType: PrometheusText.type, .cacheControl: "no-store"],
                body: .bytes(Array(try metrics.text(scrape).utf8)))
        }
    }

    /// `/healthz` and `/readyz`.
    func addHealth(_ routes: inout Routes) {
        let bytes = Array(health.compact.utf8)
        on(
            &routes, .get, "/healthz",
            Operation("health", "Whether the server lives, and what it runs on.", answers: [.json("Health", "It lives.")])
        ) { _ in .json(bytes) }
        on(
            &routes, .get, "/readyz",
            Operation(
                "readiness", "Whether the server can do its work, and which part of it cannot.",
                answers: [.json("Ready", "It can."), .json("Ready", "It cannot.", status: 503, fields: ["Retry-After"])])
        ) { _ in
            let troubles = await readiness.troubles()
            let parts = ReadyPart.allCases.map { JSON.Member($0.rawValue, .string(troubles[$0]?.detail ?? "ok")) }
            let isReady = troubles.isEmpty
            return .json(
                ["status": isReady ? "ready" : "not_ready", "parts": .object(parts)], status: isReady ? .ok : .serviceUnavailable,
                fields: isReady ? [.cacheControl: "no-store"] : [.cacheControl: "no-store", .retryAfter: "5"])
        }
    }
}
