// The reasons for which sweeps are left out, as small buttons with the number that is their key.
function render({ model, el }) {
  el.classList.add("efe-reason-bar");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "exclude, because it is");

  const draw = () => {
    const at = [...el.children].indexOf(document.activeElement);
    el.replaceChildren(
      ...model.get("reasons").map((reason, k) => {
        const button = document.createElement("button");
        const key = document.createElement("kbd");
        button.type = "button";
        button.className = "efe-reason";
        button.title = `exclude: ${reason} (key ${k + 1} also shows the next sweep)`;
        key.textContent = k + 1;
        key.setAttribute("aria-hidden", "true");
        button.append(key, reason);
        button.addEventListener("click", () => model.send({ kind: "pressed", reason }));
        return button;
      })
    );
    el.children[at]?.focus();
  };
  model.on("change:reasons", draw);
  draw();
  return () => model.off("change:reasons", draw);
}

export default { render };
