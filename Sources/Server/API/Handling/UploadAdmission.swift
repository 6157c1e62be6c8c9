import Foundation
import HTTP
import HTTPTypes
import Storage

extension API {
    /// Bytes of disk that uploads leave free: the database must still be able to write.
    static let diskReserve: Int64 = 64 << 20

    /// The body of a request that stores it. What can be known beforehand is checked beforehand: a client that sent
    /// `Expect: 100-continue` is told before it sends the body (RFC 9110, section 10.1.1).
    ///
    /// - Throws: 413 and 403 for more than the bearer of the token may send or have stored, 507 where the disk has no room.
    func uploadBody(_ request: Request, isRepeated: Bool = false) throws -> RequestBody {
        let body = try request.body.limited(to: largestUpload(request))
        if !isRepeated { try admit(body.length ?? 1, request) }
        return body
    }

    /// Bytes that one upload may have.
    func largestUpload(_ request: Request) throws -> Int64 {
        min(uploads.limit, try access.token(of: request)?.limits.uploadBytes ?? .max)
    }

    /// Whether there is room for so many bytes more.
    func admit(_ length: Int64, _ request: Request) throws {
        if let owner = try owner(of: request), let limit = owner.storedBytes {
            guard try database.tokens.storedBytes(of: owner.token) + length <= limit else { throw StorageError.tooMuchStored(limit: limit) }
        }
        if let free = try database.freeBytes(), free - length < Self.diskReserve { throw APIError.diskFull }
    }
}
