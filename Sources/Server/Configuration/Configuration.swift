import Documents
import Foundation
import HTTP

/// Everything that can be set, with its default; `config/server.yaml` holds the same keys and values.
package struct Configuration: Codable, Equatable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port; 0 takes a free one.
    package var port = 8080
    /// Where checkpoints, datasets and jobs are kept.
    package var dataDir = "data"
    /// Jobs that run at the same time.
    package var workers = 1
    /// Threads per job; 0 takes one per core.
    package var threads = 0
    /// How far jobs step back behind requests and other programs, as `nice` counts it.
    package var jobNiceness = 10
    /// Bytes of memory that all jobs together may take; 0 is three quarters of the machine's.
    package var memoryLimit: Int64 = 0
    /// Bytes of memory that all requests together may take to read what they bring; 0 is an eighth of ``memoryLimit``, at least 256 MiB.
    package var requestMemory: Int64 = 0
    /// Seconds that a request waits for some of it. No key of the file.
    package var requestPatience = 5.0
    /// How many times in a row the server may stop under a job, without the job getting further, before it fails for good.
    package var maxAttempts = 3
    /// A running job saves where it stands, to go on from there, when so many seconds have passed or so many steps are done.
    package var saveSeconds = 60
    package var saveSteps = 500
    /// Days to keep finished jobs, and checkpoints and datasets that no job uses; 0 is forever.
    package var keepDays = 0
    /// Bytes to keep at most, beyond which what was not used for longest goes; 0 is no limit.
    package var keepBytes: Int64 = 0
    /// Days to keep files that no row named, which were put aside; 0 is forever.
    package var keepAsideDays = 30
    /// Bytes a second that are read to find what the disk has damaged; 0 reads nothing.
    package var verifyBytesPerSecond: Int64 = 10 << 20
    /// The largest upload in bytes.
    package var maxUploadBytes: Int64 = 64 << 30
    /// Whether, while there are no tokens, anyone who reaches an address other than loopback may use the service.
    package var allowAnonymous = false
    /// Connections served at a time.
    package var maxConnections = 4096
    /// Connections served at a time from one address, unless the server listens on loopback.
    package var maxConnectionsPerAddress = 256
    /// Whether webhooks may lead to loopback, private and other addresses that are not public.
    package var allowPrivateWebhooks = false
    /// Seconds after which a webhook is tried again, one for each attempt that may fail. No key of the file.
    package var webhookDelays = WebhookDelays.standard
    /// Seconds that an attempt may take. No key of the file.
    package var webhookPatience = 15
    /// How long connections wait. No key of the file.
    package var timeouts = Timeouts()
    /// trace, debug, info, notice, warning, error or critical.
    package var logLevel = "info"
    /// How the log is written: text or json.
    package var logFormat = LogFormat.text.rawValue

    /// Whether only this machine can reach the address.
    package var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case host, port, workers, threads
        case dataDir = "data_dir"
        case jobNiceness = "job_niceness"
        case memoryLimit = "memory_limit"
        case requestMemory = "request_memory"
        case maxAttempts = "max_attempts"
        case saveSeconds = "save_seconds"
        case saveSteps = "save_steps"
        case keepDays = "keep_days"
        case keepBytes = "keep_bytes"
        case keepAsideDays = "keep_aside_days"
        case verifyBytesPerSecond = "verify_bytes_per_second"
        case maxUploadBytes = "max_upload_bytes"
        case allowAnonymous = "allow_anonymous"
        case maxConnections = "max_connections"
        case maxConnectionsPerAddress = "max_connections_per_address"
        case allowPrivateWebhooks = "allow_private_webhooks"
        case logLevel = "log_level"
        case logFormat = "log_format"
    }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let defaults = Configuration()
        host = try container.decodeIfPresent(String.self, forKey: .host) ?? defaults.host
        port = try container.decodeIfPresent(Int.self, forKey: .port) ?? defaults.port
        dataDir = try container.decodeIfPresent(String.self, forKey: .dataDir) ?? defaults.dataDir
        workers = try container.decodeIfPresent(Int.self, forKey: .workers) ?? defaults.workers
        threads = try container.decodeIfPresent(Int.self, forKey: .threads) ?? defaults.threads
        jobNiceness = try container.decodeIfPresent(Int.self, forKey: .jobNiceness) ?? defaults.jobNiceness
        memoryLimit = try container.decodeIfPresent(Int64.self, forKey: .memoryLimit) ?? defaults.memoryLimit
        requestMemory = try container.decodeIfPresent(Int64.self, forKey: .requestMemory) ?? defaults.requestMemory
        maxAttempts = try container.decodeIfPresent(Int.self, forKey: .maxAttempts) ?? defaults.maxAttempts
        saveSeconds = try container.decodeIfPresent(Int.self, forKey: .saveSeconds) ?? defaults.saveSeconds
        saveSteps = try container.decodeIfPresent(Int.self, forKey: .saveSteps) ?? defaults.saveSteps
        keepDays = try container.decodeIfPresent(Int.self, forKey: .keepDays) ?? defaults.keepDays
        keepBytes = try container.decodeIfPresent(Int64.self, forKey: .keepBytes) ?? defaults.keepBytes
        keepAsideDays = try container.decodeIfPresent(Int.self, forKey: .keepAsideDays) ?? defaults.keepAsideDays
        verifyBytesPerSecond = try container.decodeIfPresent(Int64.self, forKey: .verifyBytesPerSecond) ?? defaults.verifyBytesPerSecond
        maxUploadBytes = try container.decodeIfPresent(Int64.self, forKey: .maxUploadBytes) ?? defaults.maxUploadBytes
        allowAnonymous = try container.decodeIfPresent(Bool.self, forKey: .allowAnonymous) ?? defaults.allowAnonymous
        maxConnections = try container.decodeIfPresent(Int.self, forKey: .maxConnections) ?? defaults.maxConnections
        maxConnectionsPerAddress =
            try container.decodeIfPresent(Int.self, forKey: .maxConnectionsPerAddress) ?? defaults.maxConnectionsPerAddress
        allowPrivateWebhooks =
            try container.decodeIfPresent(Bool.self, forKey: .allowPrivateWebhooks) ?? defaults.allowPrivateWebhooks
        logLevel = try container.decodeIfPresent(String.self, forKey: .logLevel) ?? defaults.logLevel
        logFormat = try container.decodeIfPresent(String.self, forKey: .logFormat) ?? defaults.logFormat
    }

    /// Reads a YAML file; what it leaves out keeps its default.
    ///
    /// - Throws: ``ConfigurationFileError`` naming the file and the key.
    package init(path: String) throws {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw ConfigurationFileError(path: path, trouble: "cannot be read")
        }
        do {
            let known = Set(CodingKeys.allCases.map(\.rawValue))
            let document = try YAMLDocument.parse(trusted: text)
            if case .object(let members) = document, let stranger = members.map(\.name).sorted().first(where: { !known.contains($0) }) {
                throw ConfigurationFileError(path: path, trouble: "\(stranger) is not a known key")
            }
            self = try JSONDecoder().decode(Configuration.self, from: Data(document.compact.utf8))
        } catch let error as ConfigurationFileError {
            throw error
        } catch let error as YAMLError {
            throw ConfigurationFileError(path: path, trouble: "not a JSON object: \(error)")
        } catch {
            throw ConfigurationFileError(path: path, trouble: "\(error)")
        }
    }
}
