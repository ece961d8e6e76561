extension DocsPage {
    /// Submits a job, watches it, lists jobs. Whatever comes from the API is put in as text, never as markup.
    static let script = #"""
        "use strict";
        (() => {
          const at = (id) => document.getElementById(id);
          const form = at("generate");
          // The page is at …/docs, and the API where that is; a stage's name may stand before it.
          const base = location.pathname.replace(/\/docs\/?$/, "");
          let watched = null, cursor = null;

          const fill = (element, text) => { element.textContent = text ?? ""; };
          const make = (tag, text) => { const element = document.createElement(tag); fill(element, text); return element; };
          const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

          // A seed may have more digits than a number of this language keeps.
          const parse = (text) => JSON.parse(text.replace(/("seed":)(\d{16,})/g, '$1"$2"'));

          function headers(more) {
            const authorization = form.elements.authorization.value.trim();
            return authorization ? { ...more, Authorization: authorization } : more;
          }

          async function call(method, path, body) {
            const options = { method, headers: headers({ Accept: "application/json" }), cache: "no-store" };
            if (body) {
              options.headers["Content-Type"] = "application/json";
              options.body = body;
            }
            const answer = await fetch(base + path, options);
            const text = await answer.text();
            let json = null;
            try { json = parse(text); } catch { /* A gateway's own answer. */ }
            if (!answer.ok || !json) throw { status: answer.status, error: json?.error };
            return json;
          }

          function refuse(problem) {
            const box = at("refusal");
            box.replaceChildren();
            box.hidden = !problem;
            if (!problem) return;
            const { status, error } = problem;
            box.append(make("p", error?.message ?? (status ? `The answer was ${status}.` : "The API did not answer.")));
            const faults = error?.details?.errors ?? [];
            if (faults.length > 1) {
              const list = make("ul");
              for (const fault of faults) list.append(make("li", fault.message));
              box.append(list);
            }
          }

          function body() {
            const fields = form.elements, members = [];
            for (const name of ["prompt", "negative_prompt"])
              if (fields[name].value) members.push(`"${name}":${JSON.stringify(fields[name].value)}`);
            for (const name of ["width", "height", "steps", "seed"])
              if (/^\d+$/.test(fields[name].value)) members.push(`"${name}":${fields[name].value}`);
            if (fields.previews.checked) members.push('"previews":true');
            return `{${members.join(",")}}`;
          }

          const isFinal = (job) => ["completed", "failed", "cancelled"].includes(job.status);

          function showProgress(progress) {
            at("progress").value = progress?.percent ?? 0;
            const steps = progress?.class_type && progress.max > 1 ? ` ${progress.value} of ${progress.max}` : "";
            fill(at("node"), progress?.class_type ? progress.class_type + steps : "");
          }

          // The picture may be gone, with the job's end, before it is here.
          function showPreview(preview) {
            const image = at("preview");
            image.hidden = !preview;
            if (!preview) { image.removeAttribute("src"); return; }
            image.width = preview.width;
            image.height = preview.height;
            image.src = preview.url;
          }
          at("preview").addEventListener("error", () => showPreview(null));

          function show(job) {
            at("job").hidden = false;
            if (job.status !== "running") showPreview(null);
            const state = at("state");
            state.className = `badge ${isFinal(job) ? job.status : ""}`;
            fill(state, job.cancel_requested_at && !isFinal(job) ? `${job.status}, to be cancelled` : job.status);
            fill(at("job-id"), job.job_id);
            showProgress(job.progress);
            if (isFinal(job)) fill(at("node"), job.error?.message ?? `Seed ${job.seed ?? "of its own"}`);
            else if (job.queue_position) fill(at("node"), `Place ${job.queue_position} in the queue`);
            at("cancel").hidden = isFinal(job);
            at("cancel").disabled = Boolean(job.cancel_requested_at);
            const pictures = at("pictures");
            pictures.replaceChildren();
            for (const output of job.outputs.filter((each) => each.kind === "image" && each.url)) {
              const image = make("img");
              image.alt = `Picture ${output.index + 1} of the job`;
              if (output.width) { image.width = output.width; image.height = output.height; }
              image.src = output.url;
              pictures.append(image);
            }
          }

          function take(event, id) {
            if (watched !== id || !event.data) return;
            const data = parse(event.data);
            if (event.name === "state") show(data);
            if (event.name === "progress") showProgress(data);
            if (event.name === "preview") showPreview(data);
          }

          // Server-sent events by hand: the browser's own reader sends no Authorization.
          async function listen(id, last) {
            const answer = await fetch(`${base}/v1/jobs/${id}/events`, {
              headers: headers({ Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) }), cache: "no-store",
            });
            if (answer.status !== 200 || !answer.headers.get("Content-Type")?.startsWith("text/event-stream"))
              throw { status: answer.status };
            const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
            let rest = "";
            for (;;) {
              const { value, done } = await reader.read();
              if (done || watched !== id) { reader.cancel().catch(() => {}); return last; }
              const blocks = (rest + value).split("\n\n");
              rest = blocks.pop();
              for (const block of blocks) {
                const event = { name: "message", data: "" };
                for (const line of block.split("\n")) {
                  if (line.startsWith("event: ")) event.name = line.slice(7);
                  if (line.startsWith("data: ")) event.data = line.slice(6);
                  if (line.startsWith("id: ")) last = line.slice(4);
                }
                take(event, id);
              }
            }
          }

          // The events where there are some; else the job itself, once a second.
          async function watch(job) {
            const id = job.job_id;
            watched = id;
            showPreview(null);
            show(job);
            let last = null, streams = true;
            while (watched === id && !isFinal(job)) {
              try {
                if (streams) last = await listen(id, last);
              } catch { streams = false; }
              if (watched !== id) return;
              try {
                job = await call("GET", `/v1/jobs/${id}`);
                if (watched === id) show(job);
              } catch (problem) {
                if (problem.status >= 400 && problem.status < 500) return refuse(problem);
              }
              if (!isFinal(job)) await pause(1000);
            }
          }

          form.addEventListener("submit", async (event) => {
            event.preventDefault();
            const button = form.querySelector("button");
            button.disabled = true;
            refuse(null);
            try {
              const job = await call("POST", "/v1/generate", body());
              watch(job);
            } catch (problem) { refuse(problem); }
            button.disabled = false;
          });

          at("cancel").addEventListener("click", async () => {
            try { show(await call("POST", `/v1/jobs/${watched}/cancel`)); } catch (problem) { refuse(problem); }
          });

          async function list(more) {
            refuse(null);
            try {
              const page = await call("GET", `/v1/jobs?limit=10${more ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
              if (!more) at("jobs").replaceChildren();
              for (const job of page.jobs) {
                const row = make("li"), state = make("span", job.status), button = make("button", "Show"), time = make("time");
                state.className = `badge ${isFinal(job) ? job.status : ""}`;
                time.dateTime = job.created_at;
                fill(time, new Date(job.created_at).toLocaleString());
                button.type = "button";
                button.setAttribute("aria-label", `Show job ${job.job_id}`);
                button.addEventListener("click", async () => {
                  try { watch(await call("GET", `/v1/jobs/${job.job_id}`)); } catch (problem) { refuse(problem); }
                });
                row.append(state, make("code", job.job_id), time, button);
                at("jobs").append(row);
              }
              if (!more && page.jobs.length === 0) at("jobs").append(make("li", "There are none yet."));
              cursor = page.next_cursor;
              at("older").hidden = !cursor;
            } catch (problem) { refuse(problem); }
          }
          at("list").addEventListener("click", () => list(false));
          at("older").addEventListener("click", () => list(true));

          // A link to an operation or a schema opens it.
          const open = () => {
            const target = location.hash && at(decodeURIComponent(location.hash.slice(1)));
            if (target?.tagName === "DETAILS") target.open = true;
          };
          addEventListener("hashchange", open);
          open();

          for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;
        })();
        """#
}
