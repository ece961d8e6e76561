"""The queue and the history as /api/jobs shows them."""

from .prompt_queue import PromptQueue

STATUSES = ("pending", "in_progress", "completed", "failed", "cancelled")
UNLISTED = ("outputs", "execution_status", "workflow", "execution_error")


class BadQuery(Exception):
    """A query parameter that /api/jobs answers 400 to."""


class Jobs:
    """Every prompt that is known, as a job."""

    def __init__(self, queue: PromptQueue):
        self.queue = queue

    def find(self, prompt_id: str) -> dict | None:
        for item, status in self._open_items():
            if item[1] == prompt_id:
                return _open_job(item, status)
        entry = self.queue.history.get(prompt_id)
        return _past_job(prompt_id, entry) if entry else None

    def listing(self, query: dict) -> dict:
        """One page; raises BadQuery for a parameter that makes no sense."""
        statuses = [status for status in query.get("status", "").split(",") if status]
        wrong = [status for status in statuses if status not in STATUSES]
        if wrong:
            raise BadQuery(f"Invalid status value(s): {', '.join(wrong)}. Valid values: {', '.join(STATUSES)}")
        limit = _whole(query.get("limit"), "limit", 1, "limit must be a positive integer")
        offset = _whole(query.get("offset"), "offset", 0, "offset must be a non-negative integer") or 0

        jobs = [_open_job(item, status) for item, status in self._open_items()]
        if not statuses or set(statuses) & {"completed", "failed", "cancelled"}:
            jobs += [_past_job(prompt_id, entry) for prompt_id, entry in self.queue.history.items()]
        jobs = [job for job in jobs if not statuses or job["status"] in statuses]
        if "workflow_id" in query:
            jobs = [job for job in jobs if job.get("workflow_id") == query["workflow_id"]]
        jobs.sort(key=_sort_key(query.get("sort_by")), reverse=query.get("sort_order", "desc") != "asc")
        page = jobs[offset : offset + limit if limit else None]
        return {
            "jobs": [
                {name: value for name, value in job.items() if name not in UNLISTED or name == "execution_error"}
                for job in page
            ],
            "pagination": {
                "offset": offset,
                "limit": limit,
                "total": len(jobs),
                "has_more": offset + len(page) < len(jobs),
            },
        }

    def _open_items(self) -> list[tuple[tuple, str]]:
        running = [(self.queue.running, "in_progress")] if self.queue.running else []
        return running + [(item, "pending") for item in self.queue.pending]


def _open_job(item: tuple, status: str) -> dict:
    number, prompt_id, _, extra_data, *_ = item
    return _without_none(
        {
            "id": prompt_id,
            "status": status,
            "priority": number,
            "create_time": extra_data.get("create_time"),
            "outputs_count": 0,
            "previewable_outputs_count": 0,
            "workflow_id": _workflow_id(extra_data),
        }
    )


def _past_job(prompt_id: str, entry: dict) -> dict:
    number, _, prompt, extra_data, _ = entry["prompt"]
    messages = dict(entry["status"]["messages"])
    ended = [name for name in messages if name not in ("execution_start", "execution_cached")]
    count, preview = _summary(entry["outputs"])
    status = "completed" if entry["status"]["status_str"] == "success" else "failed"
    return _without_none(
        {
            "id": prompt_id,
            "status": "cancelled" if "execution_interrupted" in messages else status,
            "priority": number,
            "create_time": extra_data.get("create_time"),
            "execution_start_time": messages.get("execution_start", {}).get("timestamp"),
            "execution_end_time": messages[ended[-1]]["timestamp"] if ended else None,
            "execution_error": messages.get("execution_error"),
            "outputs_count": count,
            "previewable_outputs_count": count,
            "preview_output": preview,
            "workflow_id": _workflow_id(extra_data),
            "outputs": entry["outputs"],
            "execution_status": entry["status"],
            "workflow": {"prompt": prompt, "extra_data": extra_data},
        }
    )


def _workflow_id(extra_data: dict) -> str | None:
    # `extra_pnginfo: null` raises here, and every listing answers 500 until the history is cleared: as ComfyUI does.
    return extra_data.get("extra_pnginfo", {}).get("workflow", {}).get("id")


def _summary(outputs: dict) -> tuple[int, dict | None]:
    """How many files there are, and the one to show: a saved one before a temporary one."""
    files = [
        {**item, "nodeId": node_id, "mediaType": key}
        for node_id, shown in outputs.items()
        for key, items in shown.items()
        for item in items
        if isinstance(item, dict) and "filename" in item
    ]
    saved = [file for file in files if file.get("type") == "output"]
    return len(files), next(iter(saved or files), None)


def _sort_key(sort_by: str | None):
    if sort_by == "execution_duration":
        return lambda job: (job.get("execution_end_time") or 0) - (job.get("execution_start_time") or 0)
    return lambda job: job.get("create_time") or 0


def _whole(text: str | None, name: str, least: int, wrong: str) -> int | None:
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError:
        raise BadQuery(f"{name} must be an integer") from None
    if value < least:
        raise BadQuery(wrong)
    return value


def _without_none(job: dict) -> dict:
    return {name: value for name, value in job.items() if value is not None}
