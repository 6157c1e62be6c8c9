import HTTPTypes

/// One part of a `multipart/form-data` body.
package struct MultipartPart: Sendable {
    /// The form field's name.
    package let name: String
    /// The file's name, where the part is a file; never a path to use.
    package let filename: String?
    /// The part's own fields.
    package let fields: HTTPFields
    /// Its contents, on their way; over when the next part is asked for.
    package let body: RequestBody
}
