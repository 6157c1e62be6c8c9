import Foundation

/// The names that diffusers' attention parameters had before version 0.15, which published checkpoints still carry.
enum AttentionNames {
    private static let former = [
        (".query.", ".to_q."), (".key.", ".to_k."), (".value.", ".to_v."), (".proj_attn.", ".to_out.0."),
    ]

    /// Today's name of a parameter.
    static func today(_ name: String) -> String {
        for (former, today) in former where name.contains(".attentions.") {
            if let range = name.range(of: former) { return name.replacingCharacters(in: range, with: today) }
        }
        return name
    }
}
