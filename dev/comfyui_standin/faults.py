"""Faults that a test switches on. All but the history's small delay are off by default."""

from dataclasses import asdict, dataclass, fields


@dataclass
class Faults:
    """A number counts down with each use; a text names what is hit, by node id or class, every time."""

    history_delay_ms: int = 3
    """How much later than `execution_success` a run enters the history. Does not count down. ComfyUI is
    late in one run of ten; here it always is, so that nobody relies on luck."""
    reject_prompt: int = 0
    """POST /prompt answers 400 with node errors and queues nothing."""
    fail_prompt: int = 0
    """POST /prompt answers 500 and queues nothing."""
    fail_after_queue: int = 0
    """POST /prompt queues the prompt and answers 500."""
    drop_answer: int = 0
    """POST /prompt queues the prompt and closes the connection without an answer."""
    deaf_socket: int = 0
    """A new WebSocket gets its first `status` and then nothing more, as with a duplicate client id."""
    drop_socket: int = 0
    """A new WebSocket loses its connection, without a close frame, at the first `progress`."""
    fail_view: int = 0
    """GET /view answers 500."""
    cut_view: int = 0
    """GET /view closes the connection after half of the file."""
    fail_upload: int = 0
    """POST /upload/image answers 500."""
    pad_outputs: int = 0
    """Saved pictures carry so many bytes of text more. Does not count down."""
    raise_on: str = ""
    """This node fails with a ValueError."""
    oom_on: str = ""
    """This node runs out of memory."""
    crash_on: str = ""
    """The process exits with status 137 when this node starts."""

    @classmethod
    def names(cls) -> list[str]:
        return [field.name for field in fields(cls)]

    def set(self, name: str, value: object) -> None:
        """Sets one fault from a text or a JSON value; a ValueError says what is wrong with it."""
        if name not in self.names():
            raise ValueError(f"no fault is called {name!r}; there are {', '.join(self.names())}")
        if isinstance(getattr(self, name), int):
            try:
                setattr(self, name, int(value))
            except (TypeError, ValueError):
                raise ValueError(f"{name} takes a whole number, not {value!r}") from None
        else:
            setattr(self, name, str(value or ""))

    def take(self, name: str) -> bool:
        """Whether this use is hit; counts one down."""
        left = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def hits(self, name: str, node_id: str, class_type: str) -> bool:
        """Whether the fault names this node."""
        return getattr(self, name) in (node_id, class_type)

    def as_dict(self) -> dict:
        return asdict(self)
