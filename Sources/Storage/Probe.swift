import Crypto
import GRDB
public func storageProbe() -> String { (try? DatabaseQueue().read { try String.fetchOne($0, sql: "select sqlite_version()") }) ?? "" }
