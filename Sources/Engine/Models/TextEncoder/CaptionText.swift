import Foundation

/// A caption's text as CLIP's tokenizer sees it: normalised, and then split into words.
enum CaptionText {
    /// Composed (NFC), every run of white space one space, and in small letters, each letter by itself (Σ is always σ).
    static func normalized(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        var followsSpace = false
        for scalar in String(ordered(text)).precomposedStringWithCanonicalMapping.unicodeScalars {
            if isSpace(scalar) {
                if !followsSpace { scalars.append(" ") }
                followsSpace = true
                continue
            }
            followsSpace = false
            switch scalar.value {
            case 0x41...0x5A: scalars.append(Unicode.Scalar(UInt8(scalar.value + 0x20)))
            case ..<0x80: scalars.append(scalar)
            default: scalars.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return scalars
    }

    /// The text with every run of combining marks in canonical order. Composing orders them too, but in time that grows with the square of
    /// their number.
    private static func ordered(_ text: some Sequence<Unicode.Scalar>) -> String.UnicodeScalarView {
        var result = String.UnicodeScalarView()
        var marks: [(scalar: Unicode.Scalar, order: UInt8)] = []
        func flush() {
            guard !marks.isEmpty else { return }
            let sorted = marks.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
            result.append(contentsOf: sorted.lazy.map(\.element.scalar))
            marks.removeAll(keepingCapacity: true)
        }
        for scalar in text {
            // The only ones that are no marks themselves but decompose into nothing else.
            let parts: [Unicode.Scalar] =
                switch scalar.value {
                case 0x0F73: ["\u{0F71}", "\u{0F72}"]
                case 0x0F75: ["\u{0F71}", "\u{0F74}"]
                case 0x0F81: ["\u{0F71}", "\u{0F80}"]
                default: [scalar]
                }
            for part in parts {
                let order = part.value < 0x300 ? 0 : part.properties.canonicalCombiningClass.rawValue
                if order == 0 {
                    flush()
                    result.append(part)
                } else {
                    marks.append((part, order))
                }
            }
        }
        flush()
        return result
    }

    /// Unicode's `White_Space`.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x80 ? scalar == " " || (0x09...0x0D).contains(scalar.value) : scalar.properties.isWhitespace
    }

    private enum Kind {
        case letter, number, space, other
    }

    private static func kind(_ scalar: Unicode.Scalar) -> Kind {
        switch scalar.value {
        case 0x61...0x7A, 0x41...0x5A: return .letter
        case 0x30...0x39: return .number
        default: break
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return isSpace(scalar) ? .space : .other
        }
    }

    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }
    private static let ends = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }

    /// Calls `body` for the words of a normalised text in their order, until it returns false:
    /// `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`.
    ///
    /// - Returns: whether it went through to the end.
    static func forEachWord(_ text: ArraySlice<Unicode.Scalar>, _ body: (ArraySlice<Unicode.Scalar>) -> Bool) -> Bool {
        var place = text.startIndex
        while place < text.endIndex {
            let rest = text[place...]
            if rest[place] == "<", let end = ends.first(where: { rest.starts(with: $0) }) {
                // transformers splits these once more, into letters and what stands around them.
                let after = place + end.count
                guard body(text[place..<(place + 2)]), body(text[(place + 2)..<(after - 2)]), body(text[(after - 2)..<after]) else {
                    return false
                }
                place = after
                continue
            }
            var after = place + 1
            if rest[place] == "'", let contraction = contractions.first(where: { rest.starts(with: $0) }) {
                after = place + contraction.count
            } else {
                let kind = kind(text[place])
                if kind == .space {
                    place = after
                    continue
                }
                while kind != .number, after < text.endIndex, Self.kind(text[after]) == kind { after += 1 }
            }
            guard body(text[place..<after]) else { return false }
            place = after
        }
        return true
    }
}
