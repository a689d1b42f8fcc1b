// Loads the page whole. ipywidgets asks the kernel for all widgets at once and gives up after 4 s; then it asks for each
// by itself, misses what changes meanwhile, and leaves holes. Here the page asks, as soon as it is parsed and for as long
// as it takes, while the browser still loads its scripts. ipywidgets begins when the answer is there, and is answered
// from it; what the kernel says meanwhile waits until all widgets are made.
(() => {
  const V1 = "v1.kernel.websocket.jupyter.org";
  const A_KERNEL = /\/api\/kernels\/[^/?]+$/;
  const GONE = [403, 404];
  const AGAIN = 1000; // ms until the next try to connect
  const SOON = 2000; // ms, after which a kernel that hasn't answered is called busy
  const LONG = 60000; // ms, after which to begin anew is offered
  const LOOK = 25;
  const LOOK_AFTER = 4; // s
  const MOST = 20000; // ms for the widgets to be made, after which nothing waits for them any more
  const LACKS = "A part of this page couldn't be loaded.";
  const CONTROL = "jupyter.widget.control";
  const { unpacked, packed } = window.efeMessages;
  const ask = window.fetch.bind(window);
  const id = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), String).join("-");

  // what is said while there is no dashboard yet
  const words = {
    show(text, again = false) {
      const place = document.getElementById("efe-loading");
      if (!place) return;
      place.querySelector("span").textContent = text;
      place.querySelector("button").hidden = !again;
    },
    end: () => document.getElementById("efe-loading")?.remove(),
  };

  class Loading {
    constructor() {
      this.looked = 0;
      this.held = []; // what the kernel has said and the page is still to hear
      this.ready = new Promise((resolve) => (this.begins = resolve));
      this.asked = { info: id(), states: id(), control: id() };
    }

    // --- asking the kernel

    begin() {
      const { kernelId, baseUrl } = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
      if (!kernelId) return this.fail("The computation couldn't be started.");
      const here = (this.here = new URL(baseUrl, window.location.href).href);
      this.kernel = `${here}api/kernels/${kernelId}`;
      this.ends = `${here}voila/api/shutdown/${kernelId}`;
      this.since = performance.now();
      this.clock = setInterval(() => this.tell(), 1000);
      this.connect();
    }

    connect() {
      this.line = new window.efeLines.Line(`${this.kernel.replace(/^http/, "ws")}/channels?session_id=${id()}`, [V1]);
      this.line.onopen = () => (this.line.protocol === V1 ? this.request() : this.leave());
      this.line.onmessage = ({ data }) => this.hear(data);
      this.line.onclose = () => this.broken();
    }

    async broken() {
      if (this.page) return this.page.onclose?.(new CloseEvent("close"));
      this.away = true;
      await this.look();
      if (!this.failed) setTimeout(() => this.connect(), AGAIN);
    }

    // the server takes its time to refuse a kernel that is no more
    async look() {
      const status = await ask(this.kernel).then((answer) => answer.status, () => 0);
      if (!this.page && GONE.includes(status)) this.fail("The computation behind this page has ended.");
    }

    // somebody on the way takes the protocol away: the page loads as ipywidgets does it
    leave() {
      this.left = true;
      this.line.onclose = null;
      this.line.close();
      this.go();
    }

    request() {
      this.away = false;
      const session = id();
      const send = (msg_id, msg_type, content, metadata = {}) => {
        const header = { msg_id, msg_type, session, username: "", version: "5.3", date: new Date().toISOString() };
        this.line.send(packed({ channel: "shell", header, parent_header: {}, metadata, content, buffers: [] }));
      };
      const { info, states, control } = this.asked;
      send(info, "kernel_info_request", {});
      send(id(), "comm_open", { comm_id: control, target_name: CONTROL, data: {} }, { version: "1.0.0" });
      send(states, "comm_msg", { comm_id: control, data: { method: "request_states" } });
    }

    hear(data) {
      if (this.whole) return this.page.onmessage?.(new MessageEvent("message", { data }));
      const message = unpacked(data);
      const { header, parent_header: parent, content } = message;
      if (parent.msg_id === this.asked.info && header.msg_type === "kernel_info_reply") this.info = message;
      else if (content.comm_id === this.asked.control && content.data?.method === "update_states") this.states = message;
      else if (this.states || parent.msg_id === this.asked.states) this.held.push(data);
      if (this.info && this.states && !this.gone) this.go();
    }

    // --- ipywidgets begins

    go() {
      this.gone = true;
      this.tell();
      this.begins();
    }

    take() {
      const line = this.line;
      this.page = {
        url: line.url,
        protocol: V1,
        binaryType: "arraybuffer",
        get readyState() {
          return line.readyState;
        },
        send: (data) => this.answer(data) || line.send(data),
        close: () => line.close(),
      };
      setTimeout(() => this.page.onopen?.(new Event("open")));
      const until = performance.now() + MOST;
      const look = setInterval(() => {
        if (!window.jupyterapp?.widgetManager?.restoredStatus && performance.now() < until) return;
        clearInterval(look);
        this.made();
      }, LOOK);
      return this.page;
    }

    // whether what the page asks is answered from what is here
    answer(data) {
      if (this.whole || typeof data === "string") return false;
      const { header, content } = unpacked(data);
      const tell = (message) => {
        const answer = packed({ ...message, parent_header: header });
        setTimeout(() => this.page.onmessage?.(new MessageEvent("message", { data: answer })));
      };
      const say = (message, more, buffers = message.buffers) => {
        tell({ ...message, content: { ...message.content, ...more }, buffers });
        const idle = { ...this.info.header, msg_type: "status", msg_id: id() }; // an answer is whole with it
        tell({ ...this.info, channel: "iopub", header: idle, content: { execution_state: "idle" }, buffers: [] });
        return true;
      };
      if (header.msg_type === "kernel_info_request") return say(this.info, {});
      if (header.msg_type === "comm_open" && content.target_name === CONTROL) {
        this.control = content.comm_id;
        return true;
      }
      if (header.msg_type === "comm_info_request") return this.comms(say);
      if (content.data?.method === "request_state") return this.one(content.comm_id, say);
      if (content.comm_id !== this.control) return false;
      return header.msg_type === "comm_msg" ? say(this.states, { comm_id: this.control }) : true;
    }

    // a browser that was so busy that even so the 4 s have passed: each widget by itself
    comms(say) {
      const target_name = "jupyter.widget";
      const comms = Object.fromEntries(Object.keys(this.states.content.data.states).map((one) => [one, { target_name }]));
      const header = { ...this.info.header, msg_type: "comm_info_reply", msg_id: id() };
      return say({ ...this.info, header, content: {} }, { status: "ok", comms }, []);
    }

    one(comm_id, say) {
      const { states, buffer_paths } = this.states.content.data;
      if (!(comm_id in states)) return false;
      const mine = buffer_paths.map((path, k) => [path, this.states.buffers[k]]).filter(([path]) => path[0] === comm_id);
      const data = { method: "update", state: states[comm_id].state, buffer_paths: mine.map(([path]) => path.slice(2)) };
      const header = { ...this.states.header, msg_id: id() };
      return say({ ...this.states, header }, { comm_id, data }, mine.map(([, buffer]) => buffer));
    }

    async made() {
      const manager = window.jupyterapp?.widgetManager;
      const lacks = async (name) => {
        const model = await manager.get_model(name).catch(() => null);
        return !model || model.get("_view_name") === "ErrorWidgetView";
      };
      const names = Object.keys(this.states.content.data.states);
      const whole = manager?.restoredStatus && !(await Promise.all(names.map(lacks))).some(Boolean);
      this.whole = true;
      for (const data of this.held.splice(0)) this.page.onmessage?.(new MessageEvent("message", { data }));
      this.info = this.states = undefined;
      clearInterval(this.clock);
      if (whole) this.drawn();
      else this.fail(LACKS);
    }

    drawn(until = performance.now() + MOST) {
      if (document.querySelector(".efe-dashboard")) words.end();
      else if (performance.now() > until) this.fail(LACKS);
      else setTimeout(() => this.drawn(until), LOOK);
    }

    // --- what is told

    tell() {
      const waited = performance.now() - this.since;
      const long = waited > LONG;
      if (this.failed) return;
      if (!this.gone && ++this.looked % LOOK_AFTER === 0) this.look();
      if (this.gone) words.show("Drawing…", long);
      else if (this.away) words.show("No connection; trying again…", long);
      else if (waited > SOON) {
        words.show(`The computation is busy. The page comes when it answers (${Math.round(waited / 1000)} s)…`, long);
      }
    }

    fail(text) {
      this.failed = true;
      clearInterval(this.clock);
      words.show(text, true);
    }
  }

  // anywidget gives each widget 2 s to begin, and one that begins later never hears of its kernel: in a busy browser the
  // page would have dead parts
  const patience = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => patience(Math.max(ms, LONG));
  const loading = new Loading();
  window.efeLoading = loading;
  const { made } = window.efeLines;
  window.efeLines.made = (...given) => (loading.gone && !loading.left && !loading.page ? loading.take() : made(...given));
  window.fetch = async (...given) => {
    const address = given[0]?.url ?? String(given[0]);
    if (A_KERNEL.test(address.replace(/\?.*$/, ""))) await loading.ready;
    return ask(...given);
  };
  // a script that doesn't come: the browser says so to nobody else
  const script = ({ target }) => target instanceof HTMLScriptElement && loading.fail(LACKS);
  window.addEventListener("error", script, true);
  // who reloads a page keeps its place among the visitors: the request for the new one tells which kernel is left
  window.addEventListener("beforeunload", () => {
    const { pathname } = new URL(loading.here ?? "", window.location.href);
    const kernel = loading.kernel?.split("/").pop();
    if (kernel) document.cookie = `efewidgets-leaves=${kernel}; path=${pathname}; max-age=15; samesite=lax`;
  });
  // who leaves before there is a page: from then on Voila says so
  window.addEventListener("pagehide", () => !loading.page && loading.ends && navigator.sendBeacon(loading.ends));
})();
