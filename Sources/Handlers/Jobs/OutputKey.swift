/// Names of objects in the bucket. They are made of our own ids only: nothing that a user or a worker named is in them.
enum OutputKey {
    /// `outputs/{user}/{job}/{attempt}/{index}.{ext}`: the attempt keeps a stale run from overwriting what was announced. A part's
    /// are below its job's: `outputs/{user}/{job}/p{part}/{attempt}/{index}.{ext}`.
    static func output(user: String, job: Job.ID, attempt: Int, index: Int, fileExtension: String)
        -> String
    {
        "\(folder(user: user, job: job))\(attempt)/\(index).\(fileExtension)"
    }

    /// What the names of all its outputs begin with.
    static func folder(user: String, job: Job.ID) -> String { "outputs/\(user)/\(job)/" }

    /// What the names of everything of a user begin with. Each ends in a slash, so that it is nobody else's too.
    static func folders(user: String) -> [String] {
        ["outputs/\(user)/", "inputs/\(user)/", "workflows/\(user)/", "previews/\(user)/"]
    }

    /// What a job, or a part of one, shows while it runs: one object, which every picture takes from the one before.
    static func preview(user: String, job: Job.ID) -> String { "previews/\(user)/\(job)/newest" }

    /// A workflow too large for the table.
    static func workflow(user: String, job: Job.ID) -> String {
        "workflows/\(user)/\(job.uuid).json.gz"
    }
}
