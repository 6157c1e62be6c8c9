import Dashboard
import HTTP
import HTTPTypes

extension API {
    /// `/` and the files it asks for. They hold nothing of anyone's, and are given without a token: the page asks for it.
    func addDashboard(_ routes: inout Routes) {
        on(
            &routes, .get, "/",
            Operation(
                "dashboard", "The web page.",
                answers: [
                    .init(
                        status: 200, detail: "The page.", contents: [.binary(DashboardFile.page.type)],
                        fields: ["ETag", "Content-Security-Policy"])
                ]
            ).partial
        ) { request in try DashboardFile.page.representation.response(to: request) }
        on(
            &routes, .get, "/dashboard/{name}",
            Operation(
                "dashboardFile", "A file of the web page.",
                answers: [
                    .init(
                        status: 200, detail: "The file.", contents: Set(DashboardFile.all.map(\.type)).sorted().map { .binary($0) },
                        fields: ["ETag"])
                ], refusals: [.notFound]
            ).partial
        ) { request in
            let name = request.parameter("name")
            guard let file = DashboardFile.all.first(where: { $0.name == name }) else { throw HTTPError.notFound(path: request.path) }
            return try file.representation.response(to: request)
        }
    }
}
