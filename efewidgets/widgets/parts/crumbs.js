// The way to a folder, each part of which opens it. All names are text.
function render({ model, el }) {
  const nav = document.createElement("nav");
  nav.className = "efe-crumbs";
  nav.setAttribute("aria-label", model.get("label"));
  el.replaceChildren(nav);

  function draw() {
    const names = model.get("names");
    nav.replaceChildren(...names.flatMap((name, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      if (at === names.length - 1) button.setAttribute("aria-current", "page");
      button.addEventListener("click", () => model.send({ open: at }));
      const slash = document.createElement("span");
      slash.textContent = "/";
      slash.setAttribute("aria-hidden", "true");
      return at ? [slash, button] : [button];
    }));
  }

  model.on("change:names", draw);
  draw();
  return () => model.off("change:names", draw);
}

export default { render };
