import AWSClients
import Time

extension JobDocuments {
    /// Removes everything of a job but its own item: its objects, its documents, its parts. Safe to repeat.
    ///
    /// Its webhooks stay, until `expires`: one that is pending goes on, and one that was delivered is not sent again because
    /// the completion comes twice.
    func erase(_ job: Job, expires: Timestamp) async throws(AWSError) {
        try await erase(objects: [OutputKey.folder(user: job.user, job: job.id)])
        try await s3.delete(bucket: bucket, key: OutputKey.workflow(user: job.user, job: job.id))
        var query = DynamoDB.Query(
            table: table, where: .equals("pk", .s(JobItem.partition(job.id))))
        query.consistent = true
        query.projection = ["pk", "sk"]
        var doomed: [Item] = []
        for try await item in dynamoDB.pages(query).items {
            guard let name = item["sk"]?.string, name != JobItem.sortKey else { continue }
            if Delivery.event(inSortKey: name) == nil {
                doomed.append(item)
            } else {
                try await limit(item, to: expires)
            }
        }
        try await dynamoDB.deleteAll(doomed, from: table)
    }

    private func limit(_ delivery: Item, to expires: Timestamp) async throws(AWSError) {
        do {
            try await dynamoDB.update(
                delivery, in: table,
                [.set(AttributePath(names: TableDefinition.timeToLiveAttribute), .n(expires.seconds))],
                condition: .exists("pk"))
        } catch  where error.code == .conditionalCheckFailed {
            // Gone already.
        }
    }

    /// Removes the objects whose names begin with one of `prefixes`, and the uploads that were not finished there.
    func erase(objects prefixes: [String]) async throws(AWSError) {
        for prefix in prefixes {
            for upload in try await s3.multipartUploads(of: bucket, prefix: prefix) {
                try await s3.abort(upload)
            }
            var options = S3.ListOptions()
            options.prefix = prefix
            for try await page in s3.list(bucket, options) {
                let failed = try await s3.delete(bucket: bucket, keys: page.objects.map(\.key))
                if let first = failed.first {
                    throw AWSError(
                        .init(rawValue: first.code), "\(failed.count) objects stay: \(first.message)",
                        service: "s3", operation: "DeleteObjects")
                }
            }
        }
    }
}

extension DynamoDB {
    /// Deletes any number of items, 25 a call. That there was none is no failure.
    func deleteAll(_ keys: [Item], from table: String) async throws(AWSError) {
        var rest = keys[...]
        while !rest.isEmpty {
            try await batchWrite(
                rest.prefix(Self.batchLimit).map { .delete(key: $0) }, to: table)
            rest = rest.dropFirst(Self.batchLimit)
        }
    }

    private static var batchLimit: Int { 25 }
}
