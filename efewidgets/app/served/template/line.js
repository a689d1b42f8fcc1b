// A page's line to its kernel, which outlives the websockets that carry it (the other half is app/line.py): what was
// under way when one broke is sent again on the next, in both directions, and the page goes on as if nothing had been.
// The kernel's messages are binary; as text, the two ends tell each other how many they have had.
(() => {
  const Socket = window.WebSocket;
  const ask = window.fetch.bind(window);
  const OF_A_KERNEL = /\/api\/kernels\/[^/?]+\/channels\?/;
  const WAITS = [0, 200, 500, 1000, 2000, 3000]; // ms before each further try; the last one from then on
  const TELL_EVERY = 16; // messages
  const TELL_AFTER = 300; // ms
  const GONE = [403, 404];

  const say = (detail) => window.dispatchEvent(new CustomEvent("efe-line", { detail }));

  class Line {
    constructor(address, protocols) {
      this.url = address;
      this.protocols = protocols;
      this.readyState = Socket.CONNECTING;
      this.protocol = "";
      this.kept = []; // sent, but the server hasn't said that it has them
      this.taken = 0; // how many it has
      this.had = 0; // how many came from it
      this.told = 0;
      this.tries = 0;
      this.begin();
    }

    begin() {
      const socket = new Socket(`${this.url}&had=${this.had}`, this.protocols);
      this.socket = socket;
      this.ready = false; // to send: once the server has said how many it has had
      this.plain = false;
      socket.binaryType = "arraybuffer";
      socket.onopen = () => {
        this.plain = !socket.protocol; // somebody between us takes the protocol away, and with it all that is said here
        if (this.plain) this.carry(socket);
      };
      socket.onmessage = ({ data }) => {
        if (this.socket !== socket) return;
        if (typeof data === "string" && !this.plain) this.heed(socket, JSON.parse(data).had);
        else this.hear(data);
      };
      socket.onclose = (event) => {
        if (this.socket === socket) this.broken(event);
      };
    }

    carry(socket) {
      this.protocol = socket.protocol;
      this.tries = 0;
      this.ready = true;
      for (const message of this.kept) socket.send(message);
      if (this.plain) this.kept = [];
      const first = this.readyState === Socket.CONNECTING;
      this.readyState = Socket.OPEN;
      if (first) this.onopen?.(new Event("open"));
      else say("back");
    }

    heed(socket, had) {
      this.kept.splice(0, Math.max(had - this.taken, 0));
      this.taken = Math.max(had, this.taken);
      if (!this.ready) this.carry(socket);
    }

    hear(data) {
      this.had += 1;
      if (this.had - this.told >= TELL_EVERY) this.tell();
      else this.telling ??= setTimeout(() => this.tell(), TELL_AFTER);
      this.onmessage?.(new MessageEvent("message", { data }));
    }

    tell() {
      clearTimeout(this.telling);
      this.telling = undefined;
      if (this.plain || !this.ready || this.socket.readyState !== Socket.OPEN) return;
      this.told = this.had;
      this.socket.send(JSON.stringify({ had: this.had }));
    }

    send(message) {
      if (!this.plain) this.kept.push(message);
      if (this.ready && this.socket.readyState === Socket.OPEN) this.socket.send(message);
    }

    async broken(event) {
      this.ready = false;
      if (this.readyState === Socket.CONNECTING || this.plain) {
        this.end(event);
        return;
      }
      if (this.tries) {
        const kernel = this.url.replace(/^ws/, "http").replace(/\/channels\?.*$/, "");
        const status = await ask(kernel).then((answer) => answer.status, () => 0);
        if (this.readyState !== Socket.OPEN) return;
        if (GONE.includes(status)) {
          say("lost");
          this.end(event);
          return;
        }
      }
      say("away");
      const wait = WAITS[Math.min(this.tries, WAITS.length - 1)];
      this.tries += 1;
      this.again = setTimeout(() => this.begin(), wait);
    }

    end(event) {
      this.readyState = Socket.CLOSED;
      this.onclose?.(event);
    }

    close() {
      this.readyState = Socket.CLOSED;
      clearTimeout(this.again);
      clearTimeout(this.telling);
      const socket = this.socket;
      this.socket = undefined;
      this.ready = false;
      socket?.close();
    }
  }

  window.efeLines = { Line, made: (...given) => new Line(...given) };
  window.WebSocket = new Proxy(Socket, {
    construct: (_, given) => (OF_A_KERNEL.test(given[0]) ? window.efeLines.made(...given) : new Socket(...given)),
  });
})();
