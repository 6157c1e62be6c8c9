extension API {
    /// All routes.
    var routes: Routes {
        var routes = Routes()
        addCheckpoints(&routes)
        addDatasets(&routes)
        addEvaluationFiles(&routes)
        addUploads(&routes)
        addJobs(&routes)
        addSweeps(&routes)
        addReport(&routes)
        addDashboard(&routes)
        addHealth(&routes)
        addMetrics(&routes)
        addDescription(&routes)
        return routes
    }
}
