import ArgumentParser
import CommandLine

/// The binary `pruner`. All of it is ``CommandLine/Pruner``, in a library, so that fuzzers, which bring a `main` of their own, can link it.
@main
enum Main {
    static func main() async { await Pruner.main() }
}
