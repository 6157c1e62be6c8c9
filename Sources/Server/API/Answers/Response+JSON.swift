import Documents
import HTTP
import HTTPTypes

extension Response {
    /// A JSON answer.
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]) -> Response {
        .json(Array(json.compact.utf8), status: status, fields: fields)
    }

    /// A JSON answer that is written already.
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]) -> Response {
        var fields = fields
        fields[.contentType] = "application/json"
        return Response(status: status, fields: fields, body: .bytes(bytes))
    }
}
