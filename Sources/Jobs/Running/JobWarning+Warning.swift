import Engine
import Storage

extension JobWarning {
    /// As the store keeps it with its job.
    init(_ warning: Warning) { self.init(code: warning.code, detail: warning.detail) }

    /// As it is told.
    var warning: Warning { Warning(code: code, detail: detail) }
}
