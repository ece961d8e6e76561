import HTTP
import JSON
import Testing
import Time

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct CloudWatchTests {
    @Test func metricsAreSentGzipped() async throws {
        let server = try StrictServer()
        try await CloudWatch(server.client()).putMetricData(
            [
                .init("Depth", .single(3.5), unit: "Count", dimensions: ["b": "2", "a": "1"]),
                .init(
                    "Wait", .counted([(1, 2), (0.25, 1)]), time: Timestamp(milliseconds: 1_700_000_000_250)),
                .init(
                    "Size", .statistics(count: 2, sum: 30, minimum: 10, maximum: 20), isHighResolution: true),
            ], namespace: "Comfy")
        let request = try #require(server.requests.first)
        #expect(request.headers["content-encoding"] == "gzip")
        #expect(request.headers["x-amz-target"] == "GraniteServiceVersion20100801.PutMetricData")
        #expect(request.headers["content-type"] == "application/x-amz-json-1.0")
        let body = try #require(Gzip.decompress(request.body, limit: 1 << 20))
        #expect(
            try JSON(parsing: body)
                == (try JSON(
                    parsing:
                        #"{"Namespace":"Comfy","MetricData":[{"MetricName":"Depth","Value":3.5,"Unit":"Count","#
                        + #""Dimensions":[{"Name":"a","Value":"1"},{"Name":"b","Value":"2"}]},"#
                        + #"{"MetricName":"Wait","Values":[1.0,0.25],"Counts":[2.0,1.0],"Timestamp":1700000000.25},"#
                        + #"{"MetricName":"Size","StatisticValues":{"SampleCount":2.0,"Sum":30.0,"Minimum":10.0,"#
                        + #""Maximum":20.0},"StorageResolution":1}]}"#)))
    }
}
