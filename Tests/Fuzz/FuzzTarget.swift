/// One reader of strangers' bytes, and what must hold for everything it reads.
struct FuzzTarget: Sendable {
    /// Also the name of its seeds and its dictionary.
    let name: String
    /// Reads one input; traps when a rule does not hold.
    let run: @Sendable ([UInt8]) -> Void

    static let all = [
        FuzzTarget(name: "request", run: requestIsReadAlikeHoweverItIsSplit),
        FuzzTarget(name: "multipart", run: formIsReadAlikeHoweverItIsSplit),
        FuzzTarget(name: "fields", run: fieldsAreReadOrRefused),
        FuzzTarget(name: "json", run: jsonIsWrittenAsItWasRead),
        FuzzTarget(name: "job", run: jobIsReadAsItIsShown),
        FuzzTarget(name: "metadata", run: metadataIsReadAlikeHoweverItIsSplit),
        FuzzTarget(name: "config", run: configurationIsBuiltOrRefused),
        FuzzTarget(name: "yaml", run: yamlIsReadOrRefused),
        FuzzTarget(name: "safetensors", run: safeTensorsLieWithinTheFile),
        FuzzTarget(name: "pickle", run: pickleBuildsWithinItsBudget),
        FuzzTarget(name: "torch", run: torchTensorsLieWithinTheFile),
        FuzzTarget(name: "archive", run: archiveStaysWithinItsLimits),
        FuzzTarget(name: "picture", run: pictureHasItsPixels),
        FuzzTarget(name: "exif", run: exifTurnsAPictureOrNot),
        FuzzTarget(name: "webp", run: webpTakesWhatIsReckoned),
    ]
}
