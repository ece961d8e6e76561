import AWSClients
import JSON
import Telemetry

/// Where previews are: one object for each job, or part of one, that runs and wants them. It goes with the job's end; a rule of the bucket
/// removes what nobody else does.
struct PreviewStore: Sendable {
    let s3: S3
    let bucket: String

    /// Takes the place of the one before.
    func put(_ image: [UInt8], _ contentType: String, of job: Job.ID, user: String) async throws(AWSError) {
        var options = S3.PutOptions(contentType: contentType)
        options.cacheControl = "no-store"
        try await s3.put(
            image, bucket: bucket, key: OutputKey.preview(user: user, job: job), options: options)
    }

    /// An address of the picture as it will be when it is asked for: the newest.
    func address(of job: Job.ID, user: String, for lifetime: Duration) async throws(AWSError)
        -> OutputAddress
    {
        let presigned = try await s3.presignGet(
            bucket: bucket, key: OutputKey.preview(user: user, job: job), expiresIn: lifetime)
        return OutputAddress(url: presigned.url, expires: presigned.expires)
    }

    /// Of a job that has ended. That there was none is no failure.
    func remove(_ job: Job) async {
        guard job.wantsPreviews, job.startedAt != nil else { return }
        let shown = job.hasParts ? job.partNodes.indices.map { Job.ID(job.id.uuid, part: $0) } : [job.id]
        do {
            let left = try await s3.delete(
                bucket: bucket, keys: shown.map { OutputKey.preview(user: job.user, job: $0) })
            guard let first = left.first else { return }
            Log.debug("preview not removed", ["job_id": .string("\(job.id)"), "error": .string(first.code)])
        } catch {
            Log.debug(
                "preview not removed", ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
        }
    }
}
