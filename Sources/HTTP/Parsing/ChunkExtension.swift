/// Follows the extensions of one chunk, which are checked and dropped:
/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` (RFC 9112, section 7.1.1).
struct ChunkExtension: Equatable {
    private enum Place {
        case beforeSemicolon, beforeName, name, afterName, beforeValue, value, quoted, escaped, afterQuote, afterValue
    }

    private var place = Place.beforeSemicolon

    /// Whether the line may end here. White space alone is no extension.
    var canEnd: Bool { place == .name || place == .value || place == .afterQuote }

    /// Reads one byte, which is no carriage return.
    mutating func read(_ byte: UInt8) throws(HTTPError) {
        let isWhitespace = ASCII.isWhitespace(byte)
        let isToken = ASCII.isTokenCharacter(byte)
        let next: Place? =
            switch place {
            case .beforeSemicolon: byte == 0x3B ? .beforeName : isWhitespace ? .beforeSemicolon : nil
            case .beforeName: isToken ? .name : isWhitespace ? .beforeName : nil
            case .name where isToken: .name
            case .name, .afterName: byte == 0x3D ? .beforeValue : byte == 0x3B ? .beforeName : isWhitespace ? .afterName : nil
            case .beforeValue: isToken ? .value : byte == 0x22 ? .quoted : isWhitespace ? .beforeValue : nil
            case .value where isToken: .value
            case .value, .afterQuote, .afterValue: byte == 0x3B ? .beforeName : isWhitespace ? .afterValue : nil
            case .quoted where byte == 0x22: .afterQuote
            case .quoted where byte == 0x5C: .escaped
            case .quoted, .escaped: ASCII.isFieldValueCharacter(byte) ? .quoted : nil
            }
        guard let next else {
            throw .malformed("a chunk's size is followed by what is no extension", section: "RFC 9112, section 7.1.1")
        }
        place = next
    }
}
