import Crypto

/// Names of objects in the bucket. They are made of our own ids only: nothing that a user or a worker named is in them.
enum OutputKey {
    /// `outputs/{user}/{job}/{attempt}/{index}.{ext}`: the attempt keeps a stale run from overwriting what was announced.
    static func output(user: String, job: UUID, attempt: Int, index: Int, fileExtension: String)
        -> String
    {
        "outputs/\(user)/\(job)/\(attempt)/\(index).\(fileExtension)"
    }

    /// A workflow too large for the table.
    static func workflow(user: String, job: UUID) -> String {
        "workflows/\(user)/\(job).json.gz"
    }
}
