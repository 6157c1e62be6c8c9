import Foundation
import HTTPTypes
import Storage

extension API {
    /// Bytes of disk that uploads leave free: the database must still be able to write.
    private static let diskReserve: Int64 = 64 << 20

    /// The body of a request that stores it. What can be known beforehand is checked beforehand: a client that sent
    /// `Expect: 100-continue` is told before it sends the body (RFC 9110, section 10.1.1).
    ///
    /// - Throws: 413 and 403 for more than the bearer of the token may send or have stored, 507 where the disk has no room.
    func uploadBody(_ request: Request) throws -> RequestBody {
        let limits = try access.token(of: request)?.limits
        let body = try request.body.limited(to: min(uploads.limit, limits?.uploadBytes ?? .max))
        let length = body.length ?? 1
        if let owner = try owner(of: request), let limit = owner.storedBytes {
            guard try database.tokens.storedBytes(of: owner.token) + length <= limit else { throw StorageError.tooMuchStored(limit: limit) }
        }
        guard try database.freeBytes() - length >= Self.diskReserve else { throw APIError.diskFull }
        return body
    }
}
