/// Texts as Markdown shows them.
enum Markdown {
    /// Whatever it holds, it is shown as it is: a checkpoint is called what somebody likes.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            if "\\`*_{}[]<>()#+!|&~$".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
    }

    /// 35746307 as "35,746,307".
    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.reduce(into: "") { text, index in
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digits[index])
        }
    }
}
