import JSON
import Testing
import Time

@testable import Handlers

/// What Prometheus reads.
@Suite struct MetricsTextTests {
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    @Test func nothingCountedIsNothingTold() {
        #expect(MetricsRoute.text([:], nil, at: now).isEmpty)
    }

    @Test func countersAndHistograms() {
        var load = MetricTally()
        for value in [0.05, 0.3, 0.4, 200.25] { load.observe(value, in: .modelLoads) }
        let text = MetricsRoute.text(
            [
                .init(family: "api_requests_total", values: ["POST", "/v1/generate", "202"]): .init(count: 7),
                .init(family: "api_requests_total", values: ["GET", "/v1/jobs/{id}", "200"]): .init(count: 1),
                .init(family: "model_load_duration_seconds", values: ["vae", "disk"]): load,
            ], nil, at: now)
        #expect(
            text == """
                # HELP api_requests_total Total API requests
                # TYPE api_requests_total counter
                api_requests_total{method="GET",endpoint="/v1/jobs/{id}",status_code="200"} 1
                api_requests_total{method="POST",endpoint="/v1/generate",status_code="202"} 7
                # HELP model_load_duration_seconds Model loading duration
                # TYPE model_load_duration_seconds histogram
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="0.1"} 1
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="0.5"} 3
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="1.0"} 3
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="2.0"} 3
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="5.0"} 3
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="10.0"} 3
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="20.0"} 3
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="30.0"} 3
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="60.0"} 3
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="120.0"} 3
                model_load_duration_seconds_bucket{model_type="vae",cache_level="disk",le="+Inf"} 4
                model_load_duration_seconds_sum{model_type="vae",cache_level="disk"} 201.000000
                model_load_duration_seconds_count{model_type="vae",cache_level="disk"} 4

                """)
    }

    @Test func gauges() {
        let gauges = MetricGauges(
            at: now - .seconds(60), queued: [.low: 0, .normal: 3, .high: 1],
            memory: [.init(worker: "w-1", gpu: "0", total: 24_000, free: 6_000)])
        let text = MetricsRoute.text(
            [
                .init(family: "cache_lookups_total", values: ["worker", "model", "hit"]): .init(count: 3),
                .init(family: "cache_lookups_total", values: ["worker", "model", "miss"]): .init(count: 1),
            ], gauges, at: now)
        #expect(
            text == """
                # HELP cache_lookups_total Nodes that a worker's cache had the result of, and those it had not
                # TYPE cache_lookups_total counter
                cache_lookups_total{cache_level="worker",cache_type="model",result="hit"} 3
                cache_lookups_total{cache_level="worker",cache_type="model",result="miss"} 1
                # HELP cache_hit_rate Cache hit rate
                # TYPE cache_hit_rate gauge
                cache_hit_rate{cache_level="worker",cache_type="model"} 0.75
                # HELP workflow_queue_depth Current workflow queue depth
                # TYPE workflow_queue_depth gauge
                workflow_queue_depth{priority_level="low"} 0
                workflow_queue_depth{priority_level="normal"} 3
                workflow_queue_depth{priority_level="high"} 1
                # HELP gpu_memory_usage_bytes GPU memory usage in bytes
                # TYPE gpu_memory_usage_bytes gauge
                gpu_memory_usage_bytes{gpu_id="0",node_id="w-1",memory_type="used"} 18000
                gpu_memory_usage_bytes{gpu_id="0",node_id="w-1",memory_type="total"} 24000

                """)
    }

    @Test func gaugesOfASweepThatStoppedAreNotTold() {
        let gauges = MetricGauges(at: now - .seconds(300), queued: [.low: 1], memory: [])
        #expect(MetricsRoute.text([:], gauges, at: now).isEmpty)
    }

    @Test func aGaugesItemReadsBackTheSame() {
        let gauges = MetricGauges(
            at: now, queued: [.low: 1, .normal: 2, .high: 3],
            memory: [.init(worker: "w-1", gpu: "1", total: 10, free: 4)])
        #expect(MetricGauges(gauges.item) == gauges)
    }

    @Test func onlyGPUsHaveVideoMemory() {
        let stats: JSON = [
            "devices": [
                ["name": "cpu", "type": "cpu", "index": .null, "vram_total": 5, "vram_free": 1],
                [
                    "name": "cuda:1 NVIDIA A100", "type": "cuda", "index": 1, "vram_total": 85_899_345_920,
                    "vram_free": 80_000_000_000,
                ],
                ["name": "cuda:2", "type": "cuda", "index": 2, "vram_total": "much", "vram_free": 1],
            ]
        ]
        #expect(
            MetricGauges.Memory.read(stats, of: "w-1") == [
                .init(worker: "w-1", gpu: "1", total: 85_899_345_920, free: 80_000_000_000)
            ])
        #expect(MetricGauges.Memory.read(["devices": 3], of: "w-1").isEmpty)
    }
}
