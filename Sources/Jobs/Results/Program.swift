/// This program, as it names itself.
package enum Program {
    /// What `pruner --version`, `/healthz` and results tell.
    package static let version = "0.1.0"
    /// What it says it is when it asks other servers.
    package static let userAgent = "pruner/\(version)"
}
