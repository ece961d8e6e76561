"""An exception of a node as `execution_error` tells it."""

from PIL import Image

from .node_run import OutOfMemory
from .tensor_text import tensor_text

MEMORY_ADVICE = (
    "This error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before "
    "you might have accidentally set the batch_size to a large number."
)
TRACEBACK = [
    f'  File "execution.py", in {function}\n'
    for function in ("execute", "get_output_data", "_async_map_node_over_list", "process_inputs")
]


def node_error(problem: Exception, inputs: dict) -> dict:
    """Kind, words and the node's inputs, with pictures as PyTorch prints them."""
    advice = MEMORY_ADVICE if isinstance(problem, OutOfMemory) else ""
    return {
        "exception_message": f"{problem}\n{advice}",
        "exception_type": _type_name(problem),
        "traceback": TRACEBACK,
        "current_inputs": {name: [_shown(value)] for name, value in inputs.items()},
    }


def _type_name(problem: Exception) -> str:
    if isinstance(problem, OutOfMemory):
        return "torch.OutOfMemoryError"
    kind = type(problem)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _shown(value: object) -> object:
    if value is None or isinstance(value, (int, float, str)):
        return value
    if isinstance(value, list) and value and isinstance(value[0], Image.Image):
        return tensor_text(value)
    return str(value)
