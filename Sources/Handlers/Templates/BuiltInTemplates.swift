import ComfyUI
import JSON

/// The templates that every deployment has, by name. Their data are string literals because a static binary has no
/// resources; each is read when it is first asked for.
enum BuiltInTemplates {
    /// `POST /v1/generate` is this one.
    static let textToImage = TemplateDefinition(builtIn: textToImageData)
    static let imageToImage = TemplateDefinition(builtIn: imageToImageData)
    static let inpaint = TemplateDefinition(builtIn: inpaintData)
    static let upscale = TemplateDefinition(builtIn: upscaleData)
    static let controlNet = TemplateDefinition(builtIn: controlNetData)

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
    /// Of data that is compiled in, in the form of the body of `POST /v1/workflows`.
    fileprivate init(builtIn data: String) {
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
