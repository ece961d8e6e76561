import ComfyUI
import JSON

/// The templates that every deployment has, by name. They are data files, `BuiltIn/*.json`, each as a body of
/// `POST /v1/workflows` would be; they are compiled in, and read when they are first asked for.
enum BuiltInTemplates {
    /// `POST /v1/generate` is this one.
    static let textToImage = TemplateDefinition(builtIn: PackageResources.txt2img_json)
    static let imageToImage = TemplateDefinition(builtIn: PackageResources.img2img_json)
    static let inpaint = TemplateDefinition(builtIn: PackageResources.inpaint_json)
    static let upscale = TemplateDefinition(builtIn: PackageResources.upscale_json)
    static let controlNet = TemplateDefinition(builtIn: PackageResources.controlnet_json)

    /// Their names are their ids.
    static let names = ["txt2img", "img2img", "inpaint", "upscale", "controlnet"]

    /// nil for any other name.
    static func named(_ name: String) -> TemplateDefinition? {
        switch name {
        case "txt2img": textToImage
        case "img2img": imageToImage
        case "inpaint": inpaint
        case "upscale": upscale
        case "controlnet": controlNet
        default: nil
        }
    }
}

extension TemplateDefinition {
    fileprivate init(builtIn data: [UInt8]) {
        guard let body = (try? JSON(parsing: data))?.object else {
            preconditionFailure("a built-in template is no JSON object")
        }
        do {
            var reader = FieldReader(body)
            self = try TemplateDefinition.read(&reader)
        } catch {
            preconditionFailure("a built-in template is faulty: \(error)")
        }
    }
}
