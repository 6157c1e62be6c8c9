/// A file of the web page, as it was compiled in.
package struct DashboardFile: Sendable {
    /// What the page asks for it by.
    package let name: String
    /// Its media type.
    package let type: String
    /// All of it.
    package let bytes: [UInt8]

    private init(_ name: String, _ type: String, _ bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
    }

    /// The page itself.
    package static let page = DashboardFile("index.html", "text/html; charset=utf-8", PackageResources.index_html)
    /// How it looks.
    package static let style = DashboardFile("style.css", "text/css; charset=utf-8", PackageResources.style_css)
    private static let icon = DashboardFile("icon.svg", "image/svg+xml", PackageResources.icon_svg)

    /// Modules in an order in which each comes after those it imports.
    private static let scripts = [
        ("dom.js", PackageResources.dom_js), ("format.js", PackageResources.format_js), ("plots.js", PackageResources.plots_js),
        ("figures.js", PackageResources.figures_js), ("figure-layers.js", PackageResources.figure_layers_js),
        ("samples.js", PackageResources.samples_js), ("results.js", PackageResources.results_js),
        ("warnings.js", PackageResources.warnings_js), ("report.js", PackageResources.report_js),
        ("axes.js", PackageResources.axes_js), ("api.js", PackageResources.api_js),
        ("events.js", PackageResources.events_js), ("tar.js", PackageResources.tar_js), ("notices.js", PackageResources.notices_js),
        ("fields.js", PackageResources.fields_js), ("page-token.js", PackageResources.page_token_js),
        ("page-jobs.js", PackageResources.page_jobs_js), ("page-files.js", PackageResources.page_files_js),
        ("page-job.js", PackageResources.page_job_js), ("page-new.js", PackageResources.page_new_js),
        ("page-compare.js", PackageResources.page_compare_js), ("page-sweeps.js", PackageResources.page_sweeps_js),
        ("app.js", PackageResources.app_js),
    ].map { DashboardFile($0, "text/javascript; charset=utf-8", $1) }

    /// What the page asks for.
    package static let all = [style, icon] + scripts

    /// The modules that the report is made by, the last of which makes it.
    package static let reportScripts = Array(scripts.prefix { $0.name != "api.js" })
}
