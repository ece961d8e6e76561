import AWSClients
import HTTP
import Handlers
import JSON
import LambdaRuntime

/// Looks at everything a deployment stands on, with read-only calls, and says what is wrong and what to do.
struct Doctor: Sendable {
    /// The variables of the functions.
    let settings: [String: String]
    let aws: AWSClient
    let loop: EventLoop

    /// For one check; a service that takes longer is as good as away.
    var patience = Duration.seconds(20)

    /// All findings, in the order of the way a job goes. Checks run side by side.
    func examine() async -> [Finding] {
        let account = await identity()
        // Without credentials every other answer would be the same refusal.
        if account.contains(where: { $0.verdict == .failed }) { return [await configuration()] + account }
        async let configuration = configuration()
        async let table = table()
        async let bucket = bucket()
        async let topic = topic()
        async let work = queue("work queue", "WORK_QUEUE_URL")
        async let resume = queue("resume queue", "RESUME_QUEUE_URL")
        async let workers = workers()
        return await [configuration] + account + table + bucket + topic + work + resume + workers
    }

    private func configuration() async -> Finding {
        let subject = "configuration"
        do {
            _ = try await HandlerName.makeHandler(named: "dispatch", on: loop, environment: settings)
            return .ok(subject, "every variable makes sense")
        } catch {
            return .failed(
                subject, (error as? FunctionError)?.message ?? "\(error)",
                "Set the variable (docs/configuration.md lists all), or name a deployed function: --function NAME."
            )
        }
    }

    private func identity() async -> [Finding] {
        await asking("credentials", "Give AWS credentials as AWS's own tools take them.") {
            let identity = try await STS(aws).callerIdentity()
            let region = settings["AWS_REGION"] ?? settings["AWS_DEFAULT_REGION"] ?? "of the profile"
            return [.ok("credentials", "\(identity.arn), region \(region)")]
        }
    }

    private func bucket() async -> [Finding] {
        let subject = "bucket"
        guard let name = settings["BUCKET_NAME"], !name.isEmpty else {
            return [missing(subject, "BUCKET_NAME")]
        }
        return await asking(
            subject, "Create it with the stack (make deploy), or correct BUCKET_NAME and s3:ListBucket."
        ) {
            try await S3(aws).headBucket(name)
            return [.ok(subject, "\(name) answers")]
        }
    }

    private func topic() async -> [Finding] {
        let subject = "topic"
        guard let arn = settings["TOPIC_ARN"], !arn.isEmpty else { return [missing(subject, "TOPIC_ARN")] }
        return await asking(
            subject,
            "Create it with the stack (make deploy), or correct TOPIC_ARN and sns:ListSubscriptionsByTopic."
        ) {
            let count = try await SNS(aws).subscriptions(ofTopic: arn).count { $0.isConfirmed }
            guard count > 0 else {
                return [
                    .warning(
                        subject, "\(arn) has no confirmed subscription",
                        "Nobody hears of finished jobs, and no webhook is sent: subscribe the notify queue.")
                ]
            }
            return [.ok(subject, "\(arn), \(count) confirmed subscription\(count == 1 ? "" : "s")")]
        }
    }

    /// The queue, and what lies in its dead-letter queue.
    private func queue(_ subject: String, _ variable: String) async -> [Finding] {
        guard let url = settings[variable], !url.isEmpty else { return [missing(subject, variable)] }
        let advice =
            "Create it with the stack (make deploy), or correct \(variable) and sqs:GetQueueAttributes."
        return await asking(subject, advice) {
            let names = ["ApproximateNumberOfMessages", "RedrivePolicy"]
            let attributes = try await SQS(aws).attributes(of: url, names)
            let waiting = "about \(attributes["ApproximateNumberOfMessages"] ?? "0") messages wait"
            let policy = attributes["RedrivePolicy"].flatMap { try? JSON(parsing: $0) }
            guard let target = policy?["deadLetterTargetArn"]?.string?.split(separator: ":").last,
                let slash = url.lastIndex(of: "/")
            else {
                return [
                    .warning(
                        subject, "\(waiting); there is no dead-letter queue behind it",
                        "What cannot be handled comes back for ever: give it a redrive policy, as template.yaml has."
                    )
                ]
            }
            return [.ok(subject, waiting)] + (await deadLetters(of: subject, at: "\(url[...slash])\(target)"))
        }
    }

    private func deadLetters(of queue: String, at url: String) async -> [Finding] {
        let subject = "\(queue)'s dead letters"
        return await asking(subject, "Correct the redrive policy, or sqs:GetQueueAttributes.") {
            let attributes = try await SQS(aws).attributes(of: url, ["ApproximateNumberOfMessages"])
            let count = Int(attributes["ApproximateNumberOfMessages"] ?? "") ?? 0
            if count == 0 { return [.ok(subject, "none")] }
            return [
                .warning(
                    subject, "about \(count) messages",
                    "No job is lost by them, the sweep moves jobs on; the dispatch function's log says why they "
                        + "failed. Then purge or redrive them.")
            ]
        }
    }

    // MARK: Asking

    func missing(_ subject: String, _ variable: String) -> Finding {
        .failed(
            subject, "\(variable) is not set", "Give the function's variables: --function NAME or --env-file."
        )
    }

    /// One question to a service; no answer is a finding too.
    func asking(
        _ subject: String, _ advice: String, _ question: @escaping @Sendable () async throws -> [Finding]
    ) async -> [Finding] {
        do {
            return try await withDeadline(patience, on: loop, question)
        } catch is DeadlineExceeded {
            return [
                .failed(subject, "no answer within \(patience.components.seconds) s", Self.unreachable)
            ]
        } catch {
            let isUnreachable = (error as? AWSError)?.code == .transport
            return [.failed(subject, "\(error)", isUnreachable ? Self.unreachable : advice)]
        }
    }

    private static let unreachable =
        "Is the service reachable from here (network, proxy, VPC endpoint, AWS_ENDPOINT_URL)?"
}
