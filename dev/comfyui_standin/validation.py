"""Checks a prompt before it is queued, in ComfyUI's order and with ComfyUI's words.

As in ComfyUI a value that can be converted is converted in place, so history and the PNG's
metadata show `64` where the client sent `"64"`.
"""

from dataclasses import dataclass, field

from .folders import Folders
from .object_info import ObjectInfo

NUMBERS = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}


@dataclass
class Verdict:
    """What became of a prompt: an `error` when nothing of it can run."""

    outputs: list[str] = field(default_factory=list)
    node_errors: dict = field(default_factory=dict)
    error: dict | None = None


class Validation:
    """One prompt's validation. Anything that is not raised on purpose becomes ComfyUI's 500."""

    def __init__(self, prompt: dict, info: ObjectInfo, folders: Folders):
        self.prompt = prompt
        self.info = info
        self.folders = folders
        self._done: dict[str, tuple[bool, list[dict]]] = {}
        self._path: list[str] = []

    def verdict(self, targets: list | None) -> Verdict:
        """Validates every output node, or those of `targets`."""
        outputs = []
        for node_id, node in self.prompt.items():
            if "class_type" not in node:
                return Verdict(error=_missing_type(node_id, node, None))
            class_type = node["class_type"]
            if class_type not in self.info:
                return Verdict(error=_missing_type(node_id, node, class_type))
            if self.info.is_output(class_type) and (targets is None or node_id in targets):
                outputs.append(node_id)
        if not outputs:
            return Verdict(error=_error("prompt_no_outputs", "Prompt has no outputs", ""))
        # ComfyUI keeps outputs in a set; the recordings have the larger id first.
        outputs.sort(key=lambda node_id: (len(node_id), node_id), reverse=True)

        verdict, reasons = Verdict(), []
        for output in outputs:
            try:
                valid, errors = self._check_node(output)
            except Exception as problem:  # whatever it is, ComfyUI reports it as the node's
                valid, errors = (
                    False,
                    [_raised("exception_during_validation", "Exception when validating node", problem)],
                )
                self._done[output] = (valid, errors)
            self._path.clear()
            if valid:
                verdict.outputs.append(output)
                continue
            reasons += errors
            self._collect(verdict.node_errors, output)
        if not verdict.outputs:
            details = "\n".join(f"{reason['message']}: {reason['details']}" for reason in reasons)
            verdict.error = _error("prompt_outputs_failed_validation", "Prompt outputs failed validation", details)
        return verdict

    def _collect(self, node_errors: dict, output: str) -> None:
        """ComfyUI counts an output as dependent on every wrong node seen so far, its own or not."""
        for node_id, (_, errors) in self._done.items():
            if errors:
                class_type = self.prompt[node_id]["class_type"]
                entry = {"errors": errors, "dependent_outputs": [], "class_type": class_type}
                node_errors.setdefault(node_id, entry)["dependent_outputs"].append(output)

    def _check_node(self, node_id: str) -> tuple[bool, list[dict]]:
        if node_id in self._path:
            return self._cycle(node_id)
        if node_id in self._done:
            return self._done[node_id]
        self._path.append(node_id)
        inputs = self.prompt[node_id]["inputs"]
        description = self.info.describe(self.prompt[node_id]["class_type"])
        errors: list[dict] = []
        valid = True
        for section in ("required", "optional"):
            for name, config in description["input"].get(section, {}).items():
                valid &= self._check_input(inputs, name, config, section == "required", errors)
        errors += self._custom_errors(node_id, inputs)
        valid = valid and not errors
        self._path.pop()
        # A node inside a cycle was reported where the cycle closed.
        return self._done.setdefault(node_id, (valid, errors))

    def _check_input(self, inputs: dict, name: str, config: list, required: bool, errors: list[dict]) -> bool:
        if name not in inputs:
            if required:
                errors.append(_reason("required_input_missing", "Required input is missing", name, input_name=name))
            return not required
        value = inputs[name]
        if isinstance(value, list):
            return self._check_link(value, name, config, errors)
        return self._check_value(inputs, name, config, errors)

    def _check_link(self, link: list, name: str, config: list, errors: list[dict]) -> bool:
        about = {"input_name": name, "input_config": _config(config)}
        if len(link) != 2:
            message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            errors.append(_reason("bad_linked_input", message, name, **about, received_value=link))
            return False
        source, slot = link
        received = self.info.output_types(self.prompt[source]["class_type"])[slot]
        expected = config[0]
        if expected != "*" and received not in (expected, "*"):
            details = f"{name}, received_type({received}) mismatch input_type({expected})"
            message = "Return type mismatch between linked nodes"
            errors.append(
                _reason("return_type_mismatch", message, details, **about, received_type=received, linked_node=link)
            )
            return False
        depth = len(self._path)
        try:
            return self._check_node(source)[0]
        except Exception as problem:  # reported as the linked node's, as ComfyUI does
            del self._path[depth:]
            reason = _raised("exception_during_inner_validation", "Exception when validating inner node", problem)
            reason["extra_info"] = {
                **about,
                "exception_message": str(problem),
                **reason["extra_info"],
                "linked_node": link,
            }
            self._done[source] = (False, [reason])
            return False

    def _check_value(self, inputs: dict, name: str, config: list, errors: list[dict]) -> bool:
        kind, settings = config[0], config[1] if len(config) > 1 else {}
        about = {"input_name": name, "input_config": _config(config)}
        if isinstance(kind, str) and kind in NUMBERS:
            try:
                inputs[name] = NUMBERS[kind](inputs[name])
            except (ValueError, TypeError) as problem:
                errors.append(
                    _reason(
                        "invalid_input_type",
                        f"Failed to convert an input value to a {kind} value",
                        f"{name}, {inputs[name]}, {problem}",
                        **about,
                        received_value=inputs[name],
                        exception_message=str(problem),
                    )
                )
                return False
        value = inputs[name]
        for limit, wrong, word in (
            ("min", lambda bound: value < bound, "value_smaller_than_min:smaller than min"),
            ("max", lambda bound: value > bound, "value_bigger_than_max:bigger than max"),
        ):
            if kind in ("INT", "FLOAT") and limit in settings and wrong(settings[limit]):
                code, words = word.split(":")
                errors.append(
                    _reason(code, f"Value {value} {words} of {settings[limit]}", name, **about, received_value=value)
                )
                return False
        offered = kind if isinstance(kind, list) else settings.get("options") if kind == "COMBO" else None
        # LoadImage checks its file itself: its list names only the files directly in input/.
        if offered is None or settings.get("image_upload") or value in offered:
            return True
        shown = str(offered) if len(offered) <= 20 else f"(list of length {len(offered)})"
        errors.append(
            _reason(
                "value_not_in_list",
                "Value not in list",
                f"{name}: '{value}' not in {shown}",
                **{**about, "input_config": None if len(offered) > 20 else about["input_config"]},
                received_value=value,
            )
        )
        return False

    def _custom_errors(self, node_id: str, inputs: dict) -> list[dict]:
        if self.prompt[node_id]["class_type"] not in ("LoadImage", "LoadImageMask"):
            return []
        name = inputs.get("image")
        if not isinstance(name, str) or self.folders.find_input(name):
            return []
        details = f"image - Invalid image file: {name}"
        return [_reason("custom_validation_failed", "Custom validation failed for node", details, input_name="image")]

    def _cycle(self, node_id: str) -> tuple[bool, list[dict]]:
        nodes = self._path[self._path.index(node_id) :]
        details = " -> ".join(f"{each} ({self.prompt[each]['class_type']})" for each in [*nodes, node_id])
        for each in nodes:
            reason = _reason("dependency_cycle", "Dependency cycle detected", details, node_id=each, cycle_nodes=nodes)
            self._done[each] = (False, [reason])
        return self._done[node_id]


def _config(config: list) -> list:
    return config if len(config) > 1 else [config[0], {}]


def _error(code: str, message: str, details: str, **extra_info: object) -> dict:
    return {"type": code, "message": message, "details": details, "extra_info": extra_info}


_reason = _error


def _raised(code: str, message: str, problem: Exception) -> dict:
    return _error(
        code,
        message,
        str(problem),
        exception_type=type(problem).__name__,
        traceback=['  File "execution.py", in validate_inputs\n'],
    )


def _missing_type(node_id: str, node: dict, class_type: object) -> dict:
    title = node.get("_meta", {}).get("title")
    if class_type is None:
        shown = title or f"ID #{node_id}"
        message = f"Node '{shown}' has no class_type. The workflow may be corrupted or a custom node is missing."
    else:
        message = f"Node '{title or class_type}' not found. The custom node may not be installed."
    extra = {"node_id": node_id, "class_type": class_type, "node_title": title}
    return _error("missing_node_type", message, f"Node ID '#{node_id}'", **extra)
