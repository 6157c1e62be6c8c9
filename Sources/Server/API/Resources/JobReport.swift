import HTTP
import HTTPTypes
import Jobs

extension Report {
    /// The answer that gives it.
    var response: Response {
        let fields: HTTPFields = [
            .contentType: Self.type, .cacheControl: "no-store", .contentSecurityPolicy: "\(Self.policy); frame-ancestors 'none'",
            .referrerPolicy: "no-referrer", .contentDisposition: "inline; filename=\"\(job.id).html\"",
        ]
        return Response(
            status: .ok, fields: fields,
            body: .stream(length: nil) { writer in try await write { try await writer.write($0) } })
    }
}

extension API {
    /// `/v1/jobs/{id}/report.html`.
    func addReport(_ routes: inout Routes) {
        on(
            &routes, .get, "/v1/jobs/{id}/report.html",
            Operation(
                "getReport", "Shows a job in one file that needs no server.",
                answers: [.init(status: 200, detail: "The report.", contents: [.binary(Report.type)], fields: ["Content-Security-Policy"])],
                refusals: [.notFound, .init(409, "file_damaged")])
        ) { request in
            try Report(of: request.parameter("id"), in: database).response
        }
    }
}
