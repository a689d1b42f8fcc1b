// Scrolls as little as is needed, once what has just appeared has its size.
function render({ model, el }) {
  el.style.display = "none";
  const show = () => requestAnimationFrame(() => requestAnimationFrame(() => el.closest(".efe-in-sight")?.scrollIntoView({ block: "nearest" })));
  model.on("msg:custom", show);
  return () => model.off("msg:custom", show);
}

export default { render };
