// One file after the other, one piece after the other: the next is read when the kernel has written the last.
const words = (bytes) => {
  for (const unit of ["bytes", "kB", "MB", "GB"]) {
    if (bytes < 1000 || unit === "GB") return `${unit === "bytes" ? bytes : bytes.toPrecision(3)} ${unit}`;
    bytes /= 1000;
  }
};

const make = (name, properties = {}, ...children) => {
  const found = Object.assign(document.createElement(name), properties);
  found.append(...children);
  return found;
};

const newId = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join("-");

async function filesOf(items) {
  // Dropped folders come as entries; what is in them is asked for
  const found = [];
  const walk = async (entry, path) => {
    if (entry.isFile) found.push([await new Promise((yes, no) => entry.file(yes, no)), path + entry.name]);
    else {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((yes, no) => reader.readEntries(yes, no));
        if (!some.length) break;
        for (const one of some) await walk(one, `${path}${entry.name}/`);
      }
    }
  };
  for (const entry of [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean)) await walk(entry, "");
  return found;
}

function render({ model, el }) {
  const queue = [];
  const answers = new Map();
  let working = false;
  let gone = false;

  const input = make("input", { type: "file", multiple: true, hidden: true });
  const folder = make("input", { type: "file", webkitdirectory: true, hidden: true });
  const choose = make("button", { type: "button", className: "efe-upload-button", textContent: "Choose files…" });
  const chooseFolder = make("button", { type: "button", className: "efe-upload-button", textContent: "Choose a folder…" });
  const zone = make("div", { className: "efe-upload" }, make("span", { textContent: "Drop files or folders here, or" }), choose, chooseFolder, input, folder);
  const list = make("ul", { className: "efe-uploads" });
  const says = make("div", { className: "efe-upload-says efe-faint" });
  says.setAttribute("role", "status");
  zone.setAttribute("role", "group");
  zone.setAttribute("aria-label", model.get("label"));
  input.setAttribute("aria-label", `${model.get("what")} to upload`);
  folder.setAttribute("aria-label", `Folder to upload (${model.get("what").toLowerCase()})`);
  input.accept = model.get("accept");
  el.append(zone, says, list);

  choose.onclick = () => input.click();
  chooseFolder.onclick = () => folder.click();
  for (const one of [input, folder])
    one.onchange = () => {
      add([...one.files].map((file) => [file, file.webkitRelativePath || file.name]));
      one.value = "";
    };
  zone.ondragover = (event) => { event.preventDefault(); zone.classList.add("efe-over"); };
  zone.ondragleave = () => zone.classList.remove("efe-over");
  const dropped = async (event) => {
    event.preventDefault();
    event.stopPropagation();
    zone.classList.remove("efe-over");
    ground?.classList?.remove("efe-drop-here");
    try { add(await filesOf(event.dataTransfer.items)); } catch (error) { says.textContent = `What was dropped can't be read: ${error.message}`; }
  };
  zone.ondrop = dropped;

  // what is dropped beside the zone is meant for it too; the page is not left for it
  let ground = null;
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const above = (event) => { if (holdsFiles(event)) { event.preventDefault(); ground.classList.add("efe-drop-here"); } };
  const left = (event) => { if (!ground.contains(event.relatedTarget)) ground.classList.remove("efe-drop-here"); };
  const fell = (event) => { if (holdsFiles(event)) dropped(event); };
  const spread = () => {
    const own = document.body.dataset.voila !== undefined;
    ground = model.get("anywhere") ? (own ? document.body : el.closest(".efe")) : null;
    ground?.addEventListener("dragover", above);
    ground?.addEventListener("dragleave", left);
    ground?.addEventListener("drop", fell);
  };
  const frame = requestAnimationFrame(spread); // it isn't on the page before

  const answered = (content) => {
    const resolve = answers.get(content.id);
    answers.delete(content.id);
    resolve?.(content);
  };
  model.on("msg:custom", answered);

  const asked = (content, buffers = []) => new Promise((resolve) => {
    answers.set(content.id, resolve);
    model.send(content, undefined, buffers);
  });

  function add(files) {
    if (!files.length) return;
    const batch = { id: newId(), left: files.length };
    // a folder's whole content is not listed: what waits is counted, what is sent or failed has a line
    for (const [file, path] of files) queue.push({ id: newId(), batch, file, path, cancelled: false });
    work();
  }

  const waiting = () => {
    says.replaceChildren();
    if (!queue.length) return;
    const all = make("button", { type: "button", className: "efe-upload-button", textContent: "Cancel all" });
    all.onclick = () => { for (const one of queue.splice(0)) over(one); waiting(); };
    says.append(`${queue.length} more to come `, all);
  };

  const over = (one) => { if (--one.batch.left === 0) model.send({ kind: "end", batch: one.batch.id }); };

  function line(one) {
    const bar = make("progress", { max: Math.max(one.file.size, 1), value: 0 });
    const stop = make("button", { type: "button", className: "efe-upload-button", textContent: "Cancel" });
    const told = make("span", { className: "efe-upload-told", textContent: words(one.file.size) });
    bar.setAttribute("aria-label", `${one.path} uploaded`);
    stop.setAttribute("aria-label", `Cancel ${one.path}`);
    const item = make("li", {}, make("span", { className: "efe-upload-name", textContent: one.path }), bar, told, stop);
    list.prepend(item);
    while (list.children.length > 8) list.lastElementChild.remove();
    stop.onclick = () => { one.cancelled = true; };
    return {
      at: (bytes) => { bar.value = bytes; told.textContent = `${words(bytes)} of ${words(one.file.size)}`; },
      end: (text, failed) => { bar.remove(); stop.remove(); told.textContent = text; item.classList.toggle("efe-upload-failed", failed); },
    };
  }

  async function send(one) {
    const shown = line(one);
    const about = { id: one.id, batch: one.batch.id };
    let answer = await asked({ ...about, kind: "begin", name: one.path, size: one.file.size });
    while (answer.kind === "go") {
      if (one.cancelled || gone) {
        model.send({ ...about, kind: "cancel" });
        return shown.end("cancelled", true);
      }
      shown.at(answer.offset);
      let piece;
      try {
        piece = await one.file.slice(answer.offset, answer.offset + model.get("piece")).arrayBuffer();
      } catch (error) {
        model.send({ ...about, kind: "cancel" });
        return shown.end(`can't be read: ${error.message}`, true);
      }
      answer = await asked({ ...about, kind: "piece", offset: answer.offset }, [piece]);
    }
    const name = one.path.split("/").pop();
    if (answer.kind === "done") shown.end(`${words(one.file.size)} received${answer.name === name ? "" : ` as ${answer.name}`}`, false);
    else shown.end(`not taken: ${answer.reason}`, true);
  }

  async function work() {
    waiting();
    if (working) return;
    working = true;
    while (queue.length && !gone) {
      const one = queue.shift();
      waiting();
      await send(one);
      over(one);
    }
    working = false;
  }

  return () => {
    gone = true;
    cancelAnimationFrame(frame);
    ground?.removeEventListener("dragover", above);
    ground?.removeEventListener("dragleave", left);
    ground?.removeEventListener("drop", fell);
    model.off("msg:custom", answered);
  };
}

export default { render };
