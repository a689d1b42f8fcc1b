// Over the two panels: a crosshair with values, cursors A and B, zoom by box and wheel, a click on a trace. All that it
// reads are the marks and the scales of the page, so that nothing waits for the kernel.
async function render({ model, el }) {
  el.classList.add("efe-readout");
  const [said, about] = ["efe-readout-mouse", "efe-readout-cursors"].map((name) => {
    const found = document.createElement("span");
    found.className = name;
    el.append(found);
    return found;
  });
  const manager = model.widget_manager;
  const scales = await Promise.all(model.get("scales").map((id) => manager.get_model(id)));
  const marks = await Promise.all(model.get("lines").map((id) => manager.get_model(id)));
  const handles = await manager.get_model(model.get("handles"));
  let glass = null;
  let stop = () => {};
  const begin = () => {
    const plots = el.closest(".efe-plots");
    if (!plots) return (waiting = requestAnimationFrame(begin));
    glass = new Glass({ model, plots, scales, marks, handles, said, about });
    stop = () => glass.leave();
  };
  let waiting = requestAnimationFrame(begin);
  return () => {
    cancelAnimationFrame(waiting);
    stop();
  };
}

class Glass {
  constructor({ model, plots, scales, marks, handles, said, about }) {
    Object.assign(this, { model, plots, scales, marks, handles, said, about, pointer: null, mouse: null, doing: null });
    this.sheet = document.createElement("div");
    this.sheet.className = "efe-glass";
    this.svg = drawn(this.sheet, "svg", "");
    this.cross = [0, 1].map(() => drawn(this.svg, "line", "efe-cross"));
    this.dots = [0, 1].map(() => drawn(this.svg, "circle", "efe-cross-dot"));
    this.box = drawn(this.svg, "rect", "efe-zoom-box");
    this.ghost = drawn(this.svg, "line", "efe-ghost");
    this.name = drawn(this.svg, "text", "efe-cross-name");
    this.timings = [];
    this.sliders = ["A", "B"].map((name, k) => this.slider(name, k));
    plots.append(this.sheet);
    this.heard = [
      [plots, "pointermove", (event) => this.moved(event)],
      [plots, "pointerleave", () => this.left()],
      [plots, "pointerdown", (event) => this.pressed(event)],
      [plots, "dblclick", (event) => this.panel(event) && !isHandle(event) && model.send({ kind: "whole" })],
      [plots, "wheel", (event) => this.wheel(event), { passive: false }],
      [window, "pointermove", (event) => this.doing?.move(event)],
      [window, "pointerup", (event) => this.ended(event)],
      [window, "keydown", (event) => event.key === "Escape" && this.cancel()],
    ];
    for (const [target, name, call, options] of this.heard) target.addEventListener(name, call, options);
    this.again = () => this.soon();
    this.model.on("change:cursors change:exact change:unit change:ids", this.again);
    for (const scale of scales) scale.on("change:min change:max", this.again);
    handles.on("change:x change:names", this.again);
    this.size = new ResizeObserver(this.again);
    this.watched = new Set();
    this.watch(plots);
    this.draw();
  }

  leave() {
    for (const [target, name, call, options] of this.heard) target.removeEventListener(name, call, options);
    this.model.off("change:cursors change:exact change:unit change:ids", this.again);
    for (const scale of this.scales) scale.off("change:min change:max", this.again);
    this.handles.off("change:x change:names", this.again);
    this.size.disconnect();
    cancelAnimationFrame(this.frame);
    this.sheet.remove();
  }

  // --- places

  area(k) {
    const figure = this.plots.querySelectorAll(".efe-panel")[k];
    return figure?.querySelector(".plotarea_events")?.getBoundingClientRect() ?? null;
  }

  // Which panel an event is in; its axis on the left counts, too
  panel(event) {
    for (const k of [0, 1]) {
      const area = this.area(k);
      const inside = area && event.clientY >= area.top && event.clientY <= area.bottom && event.clientX <= area.right;
      if (inside && event.clientX >= area.left - 70) return { k, area, axis: event.clientX < area.left };
    }
    return null;
  }

  ends(n) {
    return [this.scales[n].get("min"), this.scales[n].get("max")];
  }

  time(x, area) {
    const [low, high] = this.ends(0);
    return low + ((x - area.left) / area.width) * (high - low);
  }

  across(ms, area) {
    const [low, high] = this.ends(0);
    return area.left + ((ms - low) / (high - low)) * area.width;
  }

  height(y, k, area) {
    const [low, high] = this.ends(k + 1);
    return low + ((area.bottom - y) / area.height) * (high - low);
  }

  up(value, k, area) {
    const [low, high] = this.ends(k + 1);
    return area.bottom - ((value - low) / (high - low)) * area.height;
  }

  line(k, id = this.model.get("active")) {
    const at = Math.max(this.model.get("ids").indexOf(id), 0);
    return this.marks[k].mark_data?.[at];
  }

  values(ms) {
    const [v, i] = [0, 1].map((k) => valueAt(this.line(k), ms));
    return { t: ms, v, i: i === null ? null : i * this.model.get("factor") };
  }

  set(n, low, high) {
    const scale = this.scales[n];
    if (!(high > low) || (scale.get("min") === low && scale.get("max") === high)) return;
    scale.set({ min: low, max: high });
    scale.save_changes();
  }

  // --- what is drawn

  // A figure is laid out some time after the room for it has changed: its area counts, not the room
  watch(element) {
    if (!element || this.watched.has(element)) return;
    this.watched.add(element);
    this.size.observe(element);
  }

  soon() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const [above, below] = [this.area(0), this.area(1)];
    this.plots.querySelectorAll(".efe-panel .plotarea_events").forEach((area) => this.watch(area));
    if (!above || !below || !above.width) return hide(this.sheet);
    this.sheet.style.display = "";
    this.origin = this.sheet.getBoundingClientRect();
    this.drawTimings(above);
    this.drawCross([above, below]);
    this.drawCursors([above, below]);
  }

  drawCross(areas) {
    const at = this.mouse && !this.doing ? this.mouse : null;
    if (!at || !areas[0].width) {
      hide(...this.cross, ...this.dots, this.name);
      this.said.textContent = "";
      return;
    }
    const ms = this.time(at.x, areas[0]);
    const found = this.values(ms);
    [found.v, found.i].forEach((value, k) => {
      const area = areas[k];
      const x = at.x - this.origin.left;
      put(this.cross[k], { x1: x, x2: x, y1: area.top - this.origin.top, y2: area.bottom - this.origin.top });
      const y = value === null ? null : this.up(k ? value / this.model.get("factor") : value, k, area);
      if (y === null || y < area.top || y > area.bottom) hide(this.dots[k]);
      else put(this.dots[k], { cx: x, cy: y - this.origin.top, r: 3.5 });
    });
    this.said.textContent = this.words(found);
    this.drawName(at, areas);
  }

  // Beside each handle its name, on the side where there is room; of those that lie on each other the one under the
  // pointer, else the first, is named
  drawTimings(area) {
    const [names, at, [up]] = ["names", "x", "y"].map((name) => Array.from(this.handles.get(name) ?? []));
    while (this.timings.length < names.length) this.timings.push(drawn(this.svg, "text", "efe-timing-name"));
    hide(...this.timings);
    const left = this.origin.left;
    const found = names.map((name, k) => {
      const text = this.timings[k];
      text.textContent = name;
      text.style.display = "";
      return { text, x: this.across(at[k], area) - left, width: text.getComputedTextLength() };
    });
    const pointed = this.pointer === null ? null : nearestOf(found, this.pointer - left);
    const places = besideEachOther(found, this.origin.width, pointed);
    const y = area.bottom - up * area.height - this.origin.top + 4;
    found.forEach(({ text }, k) => (places[k] === null ? hide(text) : put(text, { x: places[k], y })));
  }

  // In an overlay the trace that a click would choose is named
  drawName(at, areas) {
    const near = this.nearest(at, areas);
    if (near === null) return hide(this.name);
    put(this.name, { x: at.x - this.origin.left + 10, y: at.y - this.origin.top - 8 });
    this.name.textContent = this.model.get("names")[near] ?? "";
  }

  nearest(at, areas) {
    const ids = this.model.get("ids");
    if (ids.length < 2 || at.k === undefined) return null;
    const [area, step] = [areas[at.k], 2 * this.perPixel(areas[at.k])];
    const ms = this.time(at.x, area);
    let found = null;
    let least = NEAR;
    ids.forEach((id, n) => {
      const [low, high] = spanAt(this.marks[at.k].mark_data?.[n], ms - step, ms + step);
      const y = between(at.y, this.up(high, at.k, area), this.up(low, at.k, area));
      if (Math.abs(y - at.y) < least) [least, found] = [Math.abs(y - at.y), n];
    });
    return found;
  }

  perPixel(area) {
    const [low, high] = this.ends(0);
    return (high - low) / area.width;
  }

  words({ t, v, i }) {
    const unit = this.model.get("unit");
    const parts = [`${t.toFixed(this.digits())} ms`];
    if (v !== null) parts.push(`${inDigits(v)} mV`);
    if (i !== null) parts.push(`${inDigits(i)} ${unit}`);
    return parts.join("   ");
  }

  // Of a time, as many as a pixel needs
  digits() {
    const area = this.area(0);
    return between(Math.ceil(-Math.log10(area ? this.perPixel(area) : 1)), 1, 4);
  }

  // --- cursors

  slider(name, k) {
    const found = document.createElement("div");
    found.className = "efe-cursor";
    found.tabIndex = 0;
    found.setAttribute("role", "slider");
    found.setAttribute("aria-label", `cursor ${name}`);
    found.setAttribute("aria-orientation", "horizontal");
    const flag = document.createElement("span");
    flag.textContent = name;
    found.append(flag);
    found.addEventListener("pointerdown", (event) => this.grab(event, k));
    found.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20 }[event.key];
      if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.place(k, this.model.get("cursors")[k] + by * this.perPixel(this.area(0)));
      this.model.save_changes();
    });
    this.sheet.append(found);
    return found;
  }

  grab(event, k) {
    event.preventDefault();
    event.stopPropagation();
    this.sliders[k].focus({ preventScroll: true });
    const to = (moved) => this.place(k, this.time(moved.clientX, this.area(0)));
    this.doing = { move: to, end: () => this.model.save_changes(), cancel: () => {} };
  }

  place(k, ms) {
    const cursors = [...this.model.get("cursors")];
    const [low, high] = this.model.get("limits")[0] ?? this.ends(0);
    cursors[k] = Number(between(ms, low, high).toFixed(4));
    this.model.set("cursors", cursors);
  }

  drawCursors(areas) {
    const cursors = this.model.get("cursors");
    const [low, high] = this.ends(0);
    this.sliders.forEach((slider, k) => {
      const ms = cursors[k];
      slider.style.display = ms === undefined ? "none" : "";
      if (ms === undefined) return;
      const seen = ms >= low && ms <= high;
      slider.classList.toggle("efe-beside", !seen);
      const x = between(this.across(ms, areas[0]), areas[0].left, areas[0].right) - this.origin.left;
      slider.style.left = `${x}px`;
      slider.style.top = `${areas[0].top - this.origin.top}px`;
      slider.style.height = `${areas[1].bottom - areas[0].top}px`;
      const limits = this.model.get("limits")[0] ?? [low, high];
      const texts = { valuemin: limits[0], valuemax: limits[1], valuenow: ms, valuetext: this.words(this.read(k)) };
      for (const [name, value] of Object.entries(texts)) slider.setAttribute(`aria-${name}`, value);
    });
    this.about.textContent = cursors.length === 2 ? this.difference() : "";
  }

  // What the kernel has read at a cursor, or until it has what is drawn there
  read(k) {
    const ms = this.model.get("cursors")[k];
    const exact = this.model.get("exact")[k];
    if (exact && exact[0] === ms) return { t: exact[1], v: exact[2], i: exact[3] };
    return this.values(ms);
  }

  difference() {
    const [a, b] = [this.read(0), this.read(1)];
    const [unit, dt] = [this.model.get("unit"), b.t - a.t];
    const parts = [`A ${this.words(a)}`, `B ${this.words(b)}`, `Δt ${inDigits(dt)} ms`];
    if (a.v !== null && b.v !== null) {
      parts.push(`ΔV ${inDigits(b.v - a.v)} mV`);
      if (dt) parts.push(`slope ${inDigits((b.v - a.v) / dt)} mV/ms`);
    }
    if (a.i !== null && b.i !== null) parts.push(`ΔI ${inDigits(b.i - a.i)} ${unit}`);
    return parts.join("  ·  ");
  }

  // --- what the mouse does

  moved(event) {
    const here = this.panel(event);
    this.pointer = event.clientX;
    this.mouse = here && !here.axis ? { x: event.clientX, y: event.clientY, k: here.k } : null;
    const grabs = this.mouse && !this.doing && this.timingAt(event, here.area) !== null;
    this.plots.classList.toggle("efe-on-timing", Boolean(grabs));
    this.soon();
  }

  left() {
    this.mouse = this.pointer = null;
    this.soon();
  }

  timingAt(event, area) {
    let [found, least] = [null, 5];
    for (const [name, ms] of Object.entries(this.model.get("timings"))) {
      const away = Math.abs(this.across(ms, area) - event.clientX);
      if (away < least) [found, least] = [name, away];
    }
    return found;
  }

  pressed(event) {
    const here = this.panel(event);
    if (!here || here.axis || isHandle(event) || event.button > 1) return;
    const timing = event.button === 0 ? this.timingAt(event, here.area) : null;
    const moves = event.button === 1 || (this.model.get("drag") === "move") !== event.shiftKey;
    if (timing !== null) this.doing = this.bend(timing, event, here);
    else this.doing = moves ? this.shift(event, here) : this.draws(event, here);
    event.preventDefault(); // no text is marked
  }

  ended(event) {
    const { doing } = this;
    this.doing = null;
    doing?.end(event);
    hide(this.box, this.ghost);
    if (doing) this.soon();
  }

  cancel() {
    this.doing?.cancel();
    this.doing = null;
    hide(this.box, this.ghost);
  }

  // A timing's line goes with the mouse; the kernel is told where it was let go
  bend(name, event, { area }) {
    const at = event.clientX;
    const to = (moved) => between(this.time(moved.clientX, area), ...(this.model.get("limits")[0] ?? this.ends(0)));
    const move = (moved) => {
      const x = this.across(to(moved), area) - this.origin.left;
      const [top, bottom] = [this.area(0).top, this.area(1).bottom].map((y) => y - this.origin.top);
      put(this.ghost, { x1: x, x2: x, y1: top, y2: bottom });
      this.said.textContent = `${name} ${to(moved).toFixed(this.digits())} ms`;
    };
    const end = (moved) =>
      Math.abs(moved.clientX - at) > 1 && this.model.send({ kind: "moved", name, ms: to(moved) });
    return { move, end, cancel: () => {} };
  }

  shift(event, { k, area }) {
    const [time, height] = [this.ends(0), this.ends(k + 1)];
    const [x, y] = [event.clientX, event.clientY];
    const limits = this.model.get("limits")[0] ?? time;
    const all = this.model.get("limits")[k + 1] ?? height;
    const narrowed = height[1] - height[0] < 0.999 * (all[1] - all[0]);
    const move = (moved) => {
      const by = between(((x - moved.clientX) / area.width) * (time[1] - time[0]), limits[0] - time[0], limits[1] - time[1]);
      this.set(0, time[0] + by, time[1] + by);
      const up = ((moved.clientY - y) / area.height) * (height[1] - height[0]);
      if (narrowed) this.set(k + 1, height[0] + up, height[1] + up);
    };
    const cancel = () => [this.set(0, ...time), this.set(k + 1, ...height)];
    return { move, end: (ended) => this.clicked(ended, x, y), cancel };
  }

  draws(event, { k, area }) {
    const [x, y] = [event.clientX, event.clientY];
    const sides = (moved) => {
      const to = [between(moved.clientX, area.left, area.right), between(moved.clientY, area.top, area.bottom)];
      const [wide, high] = [Math.abs(to[0] - x) > 8, Math.abs(to[1] - y) > 14];
      const across = wide ? [Math.min(x, to[0]), Math.max(x, to[0])] : [area.left, area.right];
      const up = high ? [Math.min(y, to[1]), Math.max(y, to[1])] : [area.top, area.bottom];
      return { wide, high, across, up };
    };
    const move = (moved) => {
      const { across, up } = sides(moved);
      const [left, top] = [across[0] - this.origin.left, up[0] - this.origin.top];
      put(this.box, { x: left, y: top, width: across[1] - across[0], height: up[1] - up[0] });
    };
    const end = (moved) => {
      if (this.clicked(moved, x, y)) return;
      const { wide, high, across, up } = sides(moved);
      const times = across.map((place) => this.time(place, area));
      const heights = up.map((place) => this.height(place, k, area));
      if (wide) this.set(0, ...times);
      if (high) this.set(k + 1, heights[1], heights[0]);
    };
    return { move, end, cancel: () => {} };
  }

  // Whether it was no drag; a click on one of several traces chooses it
  clicked(event, x, y) {
    if (Math.hypot(event.clientX - x, event.clientY - y) > 4) return false;
    const here = this.panel(event);
    const near = here && this.nearest({ x, y, k: here.k }, [this.area(0), this.area(1)]);
    if (near !== null && event.detail < 2) this.model.send({ kind: "choose", id: this.model.get("ids")[near] });
    return true;
  }

  // Ctrl: the time around the mouse; Alt, or Ctrl over an axis: the height. Without them the page scrolls.
  wheel(event) {
    const here = this.panel(event);
    if (!here || !(event.ctrlKey || event.metaKey || event.altKey)) return;
    event.preventDefault();
    const steps = between(event.deltaY / (event.deltaMode ? 3 : 100), -3, 3);
    const by = Math.pow(1.35, steps);
    const { k, area } = here;
    const n = event.altKey || here.axis ? k + 1 : 0;
    const at = n ? this.height(event.clientY, k, area) : this.time(event.clientX, area);
    const [low, high] = this.ends(n);
    const limits = this.model.get("limits")[n] ?? [low, high];
    const zoomed = [at - (at - low) * by, at + (high - at) * by];
    this.set(n, Math.max(zoomed[0], limits[0]), Math.min(zoomed[1], limits[1]));
  }
}

// The small triangles of the timings are bqplot's own to drag
function isHandle(event) {
  return event.target instanceof Element && event.target.closest(".object_grp, .efe-cursor") !== null;
}

export default { render };
