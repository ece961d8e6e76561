import JSON
import TestSupport
import Testing

@testable import Handlers

struct SamplerNameTests {
    @Test(
        arguments: [
            ("euler_a", "euler_ancestral", nil), ("Euler a", "euler_ancestral", nil), ("euler", "euler", nil),
            ("EULER", "euler", nil), ("DPM++ 2M", "dpmpp_2m", nil), ("DPM++ 2M Karras", "dpmpp_2m", "karras"),
            ("dpmpp_2m_karras", "dpmpp_2m", "karras"),
            ("DPM++ 2M SDE Exponential", "dpmpp_2m_sde", "exponential"),
            ("DPM++ 2S a", "dpmpp_2s_ancestral", nil), ("DPM++ 2S a Karras", "dpmpp_2s_ancestral", "karras"),
            ("DPM++ SDE", "dpmpp_sde", nil), ("dpm++_3m_sde", "dpmpp_3m_sde", nil),
            ("DPM2 a", "dpm_2_ancestral", nil),
            ("k_euler_a", "euler_ancestral", nil), ("UniPC", "uni_pc", nil), ("DDIM", "ddim", nil),
            ("LMS Karras", "lms", "karras"), ("uni-pc", "uni_pc", nil),
        ] as [(String, String, String?)])
    func isMapped(_ name: String, _ sampler: String, _ scheduler: String?) {
        #expect(SamplerName.choice(name) == .init(sampler: sampler, scheduler: scheduler))
    }

    @Test(arguments: ["", "eulerx", "karras", "_karras", "euler; drop", "euler\u{0}", "DPM"])
    func isRefused(_ name: String) {
        #expect(SamplerName.choice(name) == nil)
    }

    /// The table is the recorded KSampler's, and every alias leads into it.
    @Test func namesAreComfyUIs() throws {
        let recorded = try JSON(parsing: Fixtures.bytes("comfyui/object_info.core-nodes.json"))
        let inputs = recorded["KSampler"]?["input"]?["required"]
        #expect(inputs?["sampler_name"]?[0]?.array?.map(\.string) == SamplerName.samplers)
        #expect(inputs?["scheduler"]?[0]?.array?.map(\.string) == SamplerName.schedulers)
        for (alias, sampler) in SamplerName.aliases {
            #expect(SamplerName.samplers.contains(sampler), "\(alias)")
            #expect(SamplerName.folded(alias) == alias)
        }
    }
}
