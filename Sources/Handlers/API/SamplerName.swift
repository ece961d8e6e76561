import JSON

/// The names people know samplers by, and ComfyUI's own.
enum SamplerName {
    /// A sampler of ComfyUI's, and the noise schedule that the name implies.
    struct Choice: Sendable, Hashable {
        var sampler: String
        var scheduler: String?
    }

    /// KSampler's own choices, ComfyUI 0.33.0 (`/object_info`). A worker with others takes them through a workflow of the user's own.
    static let samplers = [
        "euler", "euler_cfg_pp", "euler_ancestral", "euler_ancestral_cfg_pp", "heun", "heunpp2",
        "exp_heun_2_x0", "exp_heun_2_x0_sde", "dpm_2", "dpm_2_ancestral", "lms", "dpm_fast",
        "dpm_adaptive", "dpmpp_2s_ancestral", "dpmpp_2s_ancestral_cfg_pp", "dpmpp_sde",
        "dpmpp_sde_gpu", "dpmpp_2m", "dpmpp_2m_cfg_pp", "dpmpp_2m_sde", "dpmpp_2m_sde_gpu",
        "dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu", "dpmpp_3m_sde", "dpmpp_3m_sde_gpu", "ddpm", "lcm",
        "ipndm", "ipndm_v", "deis", "res_multistep", "res_multistep_cfg_pp", "res_multistep_ancestral",
        "res_multistep_ancestral_cfg_pp", "gradient_estimation", "gradient_estimation_cfg_pp", "er_sde",
        "seeds_2", "seeds_3", "sa_solver", "sa_solver_pece", "ddim", "uni_pc", "uni_pc_bh2",
    ]

    /// The same for `scheduler`.
    static let schedulers = [
        "simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal",
        "linear_quadratic", "kl_optimal",
    ]

    /// Names of other programs, in the form that `folded` gives.
    static let aliases: [String: String] = [
        "euler_a": "euler_ancestral",
        "k_euler": "euler",
        "k_euler_a": "euler_ancestral",
        "k_euler_ancestral": "euler_ancestral",
        "k_heun": "heun",
        "k_lms": "lms",
        "k_dpm_2": "dpm_2",
        "k_dpm_2_a": "dpm_2_ancestral",
        "dpm2": "dpm_2",
        "dpm2_a": "dpm_2_ancestral",
        "dpm_2_a": "dpm_2_ancestral",
        "dpmpp_2s_a": "dpmpp_2s_ancestral",
        "dpmpp_2s": "dpmpp_2s_ancestral",
        "plms": "ipndm",
        "unipc": "uni_pc",
    ]

    /// Lower case, `++` as `pp`, spaces and hyphens as `_`: "DPM++ 2M Karras" and "dpmpp_2m_karras" are one name.
    static func folded(_ name: String) -> String {
        var folded = ""
        for character in name.lowercased() {
            switch character {
            case " ", "-": folded.append("_")
            case "+": folded.append("p")
            default: folded.append(character)
            }
        }
        return folded
    }

    /// nil for a name nobody here knows.
    static func choice(_ name: String) -> Choice? {
        let folded = folded(name)
        if let sampler = sampler(folded) { return Choice(sampler: sampler) }
        // "DPM++ 2M Karras": other programs put the schedule into the name.
        for scheduler in ["karras", "exponential"] where folded.hasSuffix("_" + scheduler) {
            if let sampler = sampler(String(folded.dropLast(scheduler.count + 1))) {
                return Choice(sampler: sampler, scheduler: scheduler)
            }
        }
        return nil
    }

    private static func sampler(_ folded: String) -> String? {
        if let alias = aliases[folded] { return alias }
        return samplers.contains(folded) ? folded : nil
    }
}

extension FieldType where Value == SamplerName.Choice {
    static let sampler = Self(
        blank: .init(sampler: "euler"),
        schema: ["type": "string", "examples": .array(SamplerName.samplers.map { .string($0) })]
    ) { json throws(Refusal) in
        guard let text = json.string else { throw Refusal(.wrongType, "must be a string") }
        guard let choice = SamplerName.choice(text) else {
            throw Refusal(
                .notAChoice,
                "must be one of " + SamplerName.samplers.joined(separator: ", ")
                    + ", or a common name of one of them such as euler_a")
        }
        return choice
    }
}

extension FieldType where Value == String {
    /// A noise schedule of ComfyUI's.
    static let scheduler = Self(
        blank: "",
        schema: ["type": "string", "enum": .array(SamplerName.schedulers.map { .string($0) })]
    ) { json throws(Refusal) in
        let expected = "must be one of " + SamplerName.schedulers.joined(separator: ", ")
        guard let text = json.string else { throw Refusal(.wrongType, expected) }
        guard SamplerName.schedulers.contains(text) else { throw Refusal(.notAChoice, expected) }
        return text
    }
}
