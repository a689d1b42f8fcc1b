// Saves the figures of a widget as one SVG or PNG, in the colours that they have on the page, and the kernel's CSV.
const LOOKS = [
  ...["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity"],
  ...["font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline", "visibility"],
];
const NS = "http://www.w3.org/2000/svg";
const FINER = 2;

// A copy whose looks no longer depend on the page's style sheets
function frozen(original) {
  const copy = original.cloneNode(true);
  const pairs = [[original, copy]];
  while (pairs.length) {
    const [one, other] = pairs.pop();
    const style = getComputedStyle(one);
    if (style.display === "none") {
      other.remove();
      continue;
    }
    for (const name of LOOKS) other.style.setProperty(name, style.getPropertyValue(name));
    [...one.children].forEach((child, k) => pairs.push([child, other.children[k]]));
  }
  return copy;
}

function figuresOf(box) {
  // bqplot has its axes in a picture of their own, below that of the marks
  const all = ["svg.svg-background", "svg.svg-figure", ".efe-small svg"].flatMap((one) => [...box.querySelectorAll(one)]);
  return all.filter((svg) => svg.checkVisibility({ visibilityProperty: true }) && svg.getBoundingClientRect().width);
}

// All figures where they stand on the page, in one
function together(box) {
  const figures = figuresOf(box);
  if (!figures.length) return null;
  const places = figures.map((svg) => svg.getBoundingClientRect());
  const left = Math.min(...places.map((one) => one.left));
  const top = Math.min(...places.map((one) => one.top));
  const wide = Math.ceil(Math.max(...places.map((one) => one.right)) - left);
  const high = Math.ceil(Math.max(...places.map((one) => one.bottom)) - top);
  const whole = document.createElementNS(NS, "svg");
  const size = { xmlns: NS, width: wide, height: high, viewBox: `0 0 ${wide} ${high}` };
  for (const [name, value] of Object.entries(size)) whole.setAttribute(name, value);
  const paper = document.createElementNS(NS, "rect");
  const colour = getComputedStyle(box.closest(".efe") ?? box).getPropertyValue("--efe-paper").trim();
  for (const [name, value] of Object.entries({ width: wide, height: high, fill: colour || "#ffffff" }))
    paper.setAttribute(name, value);
  whole.append(paper);
  figures.forEach((svg, k) => {
    const copy = frozen(svg);
    const at = { x: places[k].left - left, y: places[k].top - top, width: places[k].width, height: places[k].height };
    for (const [name, value] of Object.entries(at)) copy.setAttribute(name, value);
    copy.style.overflow = "visible";
    whole.append(copy);
  });
  return { text: new XMLSerializer().serializeToString(whole), wide, high };
}

async function asPng({ text, wide, high }) {
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    // decode() would wait for the page's next frame, which a page out of sight doesn't have
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = () => reject(new Error("the browser can't draw the figures as pixels"));
      image.src = url;
    });
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [wide * FINER, high * FINER];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

function render({ model, el }) {
  el.classList.add("efe-pictures");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "save the figures");
  const told = document.createElement("span");
  told.className = "efe-download-told";
  told.setAttribute("role", "alert");
  let waiting = null;

  const say = (text) => (told.textContent = text);
  const picture = async (kind) => {
    const box = el.closest(".efe")?.querySelector(model.get("within"));
    const whole = box && together(box);
    if (!whole) return say("there is no figure to be saved.");
    const blob = kind === "svg" ? new Blob([whole.text], { type: "image/svg+xml" }) : await asPng(whole);
    saveAs(`${model.get("stem")}.${kind}`, blob);
  };
  const want = (kind) => {
    say("");
    if (kind !== "csv") return picture(kind).catch((error) => say(String(error)));
    waiting = crypto.getRandomValues(new Uint32Array(1))[0];
    model.send({ kind: "ask", number: waiting });
  };
  for (const [kind, hint] of Object.entries(model.get("hints"))) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jupyter-button efe-picture";
    button.textContent = kind.toUpperCase();
    button.title = `save ${hint}`;
    button.addEventListener("click", () => want(kind));
    el.append(button);
  }
  el.append(told);

  const answered = (message, buffers) => {
    if (message.number !== waiting) return;
    waiting = null;
    if (message.kind === "file") saveAs(message.filename, new Blob([buffers[0]], { type: message.type }));
    else say(message.text);
  };
  // wanted from elsewhere; of several views one saves it
  const asked = () => {
    const kind = model.get("wanted");
    if (!kind) return;
    model.set("wanted", "");
    model.save_changes();
    want(kind);
  };
  model.on("msg:custom", answered);
  model.on("change:wanted", asked);
  return () => {
    model.off("msg:custom", answered);
    model.off("change:wanted", asked);
  };
}

export default { render };
