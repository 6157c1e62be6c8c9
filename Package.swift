// swift-tools-version: 6.0
import PackageDescription

// `make fuzz` builds with every check, and with libFuzzer's counters and AddressSanitizer in all that is ours. Here it says where libFuzzer is.
let fuzzer = Context.environment["PRUNER_FUZZ"]
let speed = fuzzer == nil ? "-Ounchecked" : "-O"

// The Engine's inner loops run unchecked and for AVX2 machines; everything that reads strangers' bytes stays checked.
#if arch(x86_64)
let engineFlags = [speed, "-Xcc", "-march=x86-64-v3"]
let wideFlags = [speed, "-Xcc", "-march=x86-64-v4"]
#else
let engineFlags = [speed]
let wideFlags = engineFlags
#endif

let package = Package(
    name: "pruner",
    products: [
        .executable(name: "pruner", targets: ["Pruner"]),
        .executable(name: "pruner-bench", targets: ["Benchmark"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // JSON and YAML as plain values, of strangers too: read within bounds, and written.
        .target(name: "Documents", dependencies: [.product(name: "Yams", package: "Yams")]),

        // Strangers' pickles and the zips around them: tensors and plain containers, nothing else, every check compiled in.
        .target(name: "TorchFiles"),

        // The innermost loops, compiled into whoever calls them: the Engine, and beside it for processors with AVX-512.
        .target(name: "Kernels", dependencies: ["CVectors"], swiftSettings: [.unsafeFlags(engineFlags)]),
        .target(name: "WideKernels", dependencies: ["Kernels"], swiftSettings: [.unsafeFlags(wideFlags)]),

        // Arithmetic: the model as a graph, its training, pruning and files.
        .target(
            name: "Engine",
            dependencies: ["Documents", "TorchFiles", "Kernels", "WideKernels", "CBLAS", "CLAPACKE"],
            swiftSettings: [.unsafeFlags(engineFlags)]),

        // Digests and authentication codes.
        .target(name: "Hashing", dependencies: ["CCrypto"]),

        // What outlives the process: the job queue and the blobs.
        .target(
            name: "Storage",
            dependencies: ["Hashing", "CLinux", .product(name: "GRDB", package: "GRDB.swift")]),

        // Files that are open, and how many may be.
        .target(name: "Files"),

        // Archives and pictures, bytes from strangers: every check compiled in.
        .target(name: "Media", dependencies: ["Documents", "Files", "CArchive", "CSpng", "CTurboJPEG", "CWebP"]),

        // Sockets, connections, messages, a router and a client: could serve any service.
        .target(
            name: "HTTP",
            dependencies: [
                "Files", "CCurl", "CLinux", .product(name: "Logging", package: "swift-log"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),

        // The web page, compiled into the binary: there is no folder beside it to lose.
        .target(name: "Dashboard", resources: [.embedInCode("Page")]),

        // What is taken in, and a job from its request to its results. The only target that sees both Engine and Storage.
        .target(
            name: "Jobs",
            dependencies: [
                "Documents", "Engine", "Storage", "Hashing", "Files", "Media", "Dashboard",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            resources: [
                .embedInCode("Resources/load_pruned.py"), .embedInCode("Resources/pipeline.py"),
                .embedInCode("Resources/class_embedder.py"), .embedInCode("Resources/sample.py"), .embedInCode("Resources/generator.py"),
            ]),

        // The service: the API, webhooks, metrics, and how it is put together.
        .target(
            name: "Server",
            dependencies: [
                "Documents", "Storage", "Hashing", "Files", "HTTP", "Media", "Dashboard", "Jobs",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            resources: [.embedInCode("Resources/schemas.json")]),

        // The verbs of the terminal: the service, jobs without one, and what is asked of a service.
        .target(
            name: "CommandLine",
            dependencies: [
                "Documents", "Storage", "Hashing", "Files", "HTTP", "Media", "Jobs", "Server", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        // The process itself.
        .executableTarget(
            name: "Pruner", dependencies: ["CommandLine", .product(name: "ArgumentParser", package: "swift-argument-parser")]),

        // What Benchmarks/ times against PyTorch; not part of the service.
        .executableTarget(
            name: "Benchmark",
            dependencies: ["Engine", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Benchmarks/Benchmark"),

        // Debian's C libraries, each behind one Swift door.
        .systemLibrary(name: "CBLAS", providers: [.apt(["libblas-dev", "libopenblas0-pthread"])]),
        .systemLibrary(name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CVectors"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .systemLibrary(name: "CSpng", pkgConfig: "spng", providers: [.apt(["libspng-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),

        // What tests of several targets need: fixtures, folders that go, servers and clients.
        .target(
            name: "TestSupport",
            dependencies: [
                "HTTP", "Media", "CLinux", .product(name: "Logging", package: "swift-log"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            path: "Tests/Support"),
        // A whole service, its clients and the binary, for tests.
        .target(
            name: "ServiceSupport",
            dependencies: [
                "TestSupport", "Server", "HTTP", "Jobs", "Storage", "Media", "Documents", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/ServiceSupport"),
        .testTarget(name: "HashingTests", dependencies: ["Hashing"]),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents"]),
        .testTarget(name: "TorchFilesTests", dependencies: ["TorchFiles", "Engine"]),
        .testTarget(name: "EngineTests", dependencies: ["Documents", "Engine", "Kernels"]),
        .testTarget(
            name: "StorageTests",
            dependencies: ["Storage", "Hashing", .product(name: "GRDB", package: "GRDB.swift")]),
        .testTarget(
            name: "HTTPTests",
            dependencies: [
                "TestSupport", "HTTP", "Files", .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(name: "MediaTests", dependencies: ["TestSupport", "Files", "Media"]),
        .testTarget(
            name: "JobsTests",
            dependencies: [
                "TestSupport", "Jobs", "Documents", "Engine", "Media", "Storage", .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "Pruner", "TestSupport", "ServiceSupport", "CommandLine", "Server", "HTTP", "Media", "Storage", "Hashing", "Documents",
            ]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Pruner", "TestSupport", "ServiceSupport", "Server", "Jobs", "HTTP", "Media", "Documents", "Engine", "Storage", "Hashing",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)

if let fuzzer {
    let sanitizers = "-sanitize=fuzzer,address"
    for target in package.targets where target.type == .regular {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags([sanitizers, "-enable-testing"])]
    }
    package.products.append(.executable(name: "pruner-fuzz", targets: ["Fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Server", "Jobs", "HTTP", "Media", "Documents", "Engine", "Storage", "TorchFiles",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            path: "Tests/Fuzz", exclude: ["fuzz.sh", "seeds.py", "Dictionaries"],
            swiftSettings: [.unsafeFlags([sanitizers])],
            linkerSettings: [.unsafeFlags(["-sanitize=address", "-use-ld=lld", fuzzer, "-lstdc++"])]))
}
