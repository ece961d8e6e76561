internal import JSON

extension WorkflowRules {
    /// The limits of `POST /v1/generate`, where a single input is too much by itself.
    func checkLimits(_ report: inout NodeReport) {
        guard let entry = catalog[report.node.classType] else { return }
        if let name = entry.steps { check(&report, name, 1...Double(maximumSteps), "too_many_steps") }
        if let name = entry.batch { check(&report, name, 1...Double(maximumBatch), "too_many_pictures") }
        if let name = entry.repeats { check(&report, name, 1...Double(maximumBatch), "too_many_pictures") }
        if let name = entry.scale { check(&report, name, 0.01...maximumScale, "scale_too_large") }
        for name in entry.padding { check(&report, name, 0...2048, "too_many_pixels") }
        for (name, range) in entry.ranges.sorted(by: { $0.key < $1.key }) {
            check(&report, name, range, "out_of_range")
        }
        checkSize(&report, entry)
    }

    private func check(
        _ report: inout NodeReport, _ name: String, _ range: ClosedRange<Double>, _ tooMuch: String
    ) {
        guard let number = boundedNumber(&report, name) else { return }
        let text = report.node.inputs[name]?.clippedText ?? ""
        if number > range.upperBound {
            report.add(tooMuch, input: name, "\(text) is more than the \(range.upperBound.plain) allowed.")
        } else if number < range.lowerBound {
            report.add(
                "out_of_range", input: name, "\(text) is less than the least, \(range.lowerBound.plain).")
        }
    }

    private func checkSize(_ report: inout NodeReport, _ entry: NodeCatalog.Entry) {
        if let name = entry.megapixels {
            // As ComfyUI counts them: a megapixel has 1024 × 1024 pixels.
            check(&report, name, 0.01...Double(maximumImagePixels) / 1_048_576, "too_many_pixels")
        }
        guard let widthName = entry.width, let heightName = entry.height else { return }
        guard let width = boundedNumber(&report, widthName), let height = boundedNumber(&report, heightName)
        else { return }
        let scales = report.node.inputs.contains { WorkflowGraph.Link($0.value) != nil }
        if scales && width == 0 && height == 0 { return }
        for (name, side) in [(widthName, width), (heightName, height)] where side < 1 {
            // To a scaling node one 0 means "keep the aspect": how large that gets is not known here.
            report.add("out_of_range", input: name, "Both sides must be given, each at least 1.")
        }
        if width * height > Double(maximumImagePixels) {
            report.add(
                "too_many_pixels", input: widthName,
                "\(width.plain) × \(height.plain) is more than the \(maximumImagePixels) pixels allowed.")
        }
    }

    /// The number that an input sets, nil (and a fault, unless it is absent) when that cannot be known here.
    /// ComfyUI takes `"64"` for 64, so a decimal text counts.
    private func boundedNumber(_ report: inout NodeReport, _ name: String) -> Double? {
        guard let value = report.node.inputs[name] else { return nil }
        if let number = value.plainNumber { return number }
        if value.array != nil {
            report.add(
                "link_not_allowed", input: name,
                "This input is limited: its number must be written here, not linked.")
        } else {
            report.add("wrong_type", input: name, "A number is expected; this is \(value.kind).")
        }
        return nil
    }

    /// Where pictures grow too large or too many along the graph although each node by itself is within limits,
    /// by the node's position.
    func extentFaults(in graph: WorkflowGraph) -> [Int: [WorkflowFault]] {
        var faults: [Int: [WorkflowFault]] = [:]
        _ = extents(of: graph) { position, extent in
            let node = graph.nodes[position]
            let ownBatch =
                catalog[node.classType].flatMap { $0.batch ?? $0.repeats }
                .flatMap { node.inputs[$0]?.plainNumber } ?? 1
            if extent.count > Double(maximumBatch), ownBatch <= Double(maximumBatch) {
                faults[position, default: []].append(
                    WorkflowFault(
                        nodeID: node.id, classType: node.classType, code: "too_many_pictures",
                        message:
                            "\(extent.count.plain) pictures would come together here; \(maximumBatch) are allowed."
                    ))
            }
            if extent.pixels > Double(maximumUpscaledPixels) {
                faults[position, default: []].append(
                    WorkflowFault(
                        nodeID: node.id, classType: node.classType, code: "too_many_pixels",
                        message: "Scaling would reach \(extent.width.plain) × \(extent.height.plain) here; "
                            + "\(maximumUpscaledPixels) pixels are allowed."))
            }
            // Told once: what follows goes on from what is allowed.
            return ImageExtent(
                width: min(extent.width, Double(maximumUpscaledPixels).squareRoot()),
                height: min(extent.height, Double(maximumUpscaledPixels).squareRoot()),
                count: min(extent.count, Double(maximumBatch)))
        }
        return faults
    }

    /// What comes out of each node at the most; nil where no pictures are. `bounded` sees each node where
    /// pictures grow and may cut it.
    func extents(
        of graph: WorkflowGraph, bounded: (Int, ImageExtent) -> ImageExtent = { $1 }
    ) -> [ImageExtent?] {
        var extents = [ImageExtent?](repeating: nil, count: graph.nodes.count)
        for position in graph.executionOrder {
            let node = graph.nodes[position]
            // One node linked twice counts twice: a chain of batches of a picture with itself doubles each time.
            let sources = node.inputs.compactMap { _, value in
                WorkflowGraph.Link(value).flatMap { graph.position(of: $0.nodeID) }.flatMap { extents[$0] }
            }
            let entry = catalog[node.classType]
            let incoming = sources.reduce(nil) { $0?.union($1) ?? $1 }
            guard let entry else {
                extents[position] = incoming
                continue
            }
            let extent = entry.extent(of: node, from: incoming, sources, maximumPixels: maximumImagePixels)
            let grows =
                entry.scale != nil || entry.fixedScale != nil || entry.repeats != nil || entry.joins
                || !entry.padding.isEmpty
            extents[position] = extent.map { grows ? bounded(position, $0) : $0 }
        }
        return extents
    }
}

extension NodeCatalog.Entry {
    /// What comes out of this node when `incoming` bounds what goes in.
    fileprivate func extent(
        of node: WorkflowGraph.Node, from incoming: ImageExtent?, _ sources: [ImageExtent], maximumPixels: Int
    ) -> ImageExtent? {
        func number(_ name: String?) -> Double? {
            name.flatMap { node.inputs[$0]?.plainNumber }.map { max(0, $0) }
        }
        let makesPictures = width != nil || megapixels != nil || files.values.contains(.upload)
        let grows = scale != nil || fixedScale != nil || repeats != nil || joins || !padding.isEmpty
        guard var extent = incoming ?? (makesPictures || grows ? .unknown(maximumPixels: maximumPixels) : nil)
        else { return nil }
        if let width = number(width), let height = number(height), width > 0, height > 0 {
            extent.width = width
            extent.height = height
        }
        if let megapixels = number(megapixels) {
            extent.width = (megapixels * 1_048_576).squareRoot()
            extent.height = extent.width
        }
        if let batch = number(batch) { extent.count = batch }
        if joins { extent.count = sources.reduce(0) { $0 + $1.count } }
        if let factor = number(scale) ?? fixedScale {
            extent.width *= factor
            extent.height *= factor
        }
        if padding.count == 4 {
            extent.width += (number(padding[0]) ?? 0) + (number(padding[2]) ?? 0)
            extent.height += (number(padding[1]) ?? 0) + (number(padding[3]) ?? 0)
        }
        if let times = number(repeats) { extent.count *= times }
        return extent
    }
}

extension WorkflowGraph {
    /// How many pictures it makes at the most (batch × repeat × outputs): the unit of quotas. At least 1.
    public func pictureCount(_ catalog: NodeCatalog) -> Int {
        var rules = WorkflowRules()
        rules.catalog = catalog
        let extents = rules.extents(of: self)
        let total = outputNodes(catalog).reduce(0.0) { total, id in
            guard let position = position(of: id) else { return total }
            switch catalog[nodes[position].classType]?.output {
            case .text, .audio: return total
            case .image, .video, nil: return total + max(1, extents[position]?.count ?? 1)
            }
        }
        return Int(min(max(1, total), 1_000_000))
    }
}

extension JSON {
    /// A number, or a text that is one the way ComfyUI's `int()` and `float()` read it, without their whitespace
    /// and underscores.
    var plainNumber: Double? {
        switch self {
        case .number(let number): number.double
        case .string(let text): text.utf8.count <= 32 ? Number(text: text)?.double : nil
        default: nil
        }
    }

    /// For messages.
    var clippedText: String { string?.quoted ?? number?.text.clipped(to: 40) ?? kind }
}

extension Double {
    /// Without a fraction where there is none.
    var plain: String {
        self == rounded() && magnitude < 1e15 ? "\(Int64(self))" : "\(self)"
    }
}
