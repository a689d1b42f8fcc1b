// Messages of kernels as they stand on a websocket (v1.kernel.websocket.jupyter.org), and back.
(() => {
  const WORD = 8; // bytes of an offset
  const PARTS = ["header", "parent_header", "metadata", "content"];
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();

  function unpacked(data) {
    const buffer = data instanceof ArrayBuffer ? data : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    const view = new DataView(buffer);
    const count = Number(view.getBigUint64(0, true));
    const at = Array.from({ length: count }, (_, k) => Number(view.getBigUint64(WORD * (k + 1), true)));
    const parts = at.slice(0, -1).map((begin, k) => buffer.slice(begin, at[k + 1]));
    const message = { channel: decoder.decode(parts[0]), buffers: parts.slice(1 + PARTS.length) };
    PARTS.forEach((name, k) => (message[name] = JSON.parse(decoder.decode(parts[k + 1]))));
    return message;
  }

  function packed({ channel, buffers, ...message }) {
    const texts = [channel, ...PARTS.map((name) => JSON.stringify(message[name]))];
    const parts = [...texts.map((text) => encoder.encode(text)), ...buffers.map((one) => new Uint8Array(one))];
    let end = WORD * (parts.length + 2);
    const at = [end, ...parts.map((part) => (end += part.byteLength))];
    const found = new Uint8Array(end);
    const view = new DataView(found.buffer);
    [at.length, ...at].forEach((number, k) => view.setBigUint64(WORD * k, BigInt(number), true));
    parts.forEach((part, k) => found.set(part, at[k]));
    return found.buffer;
  }

  window.efeMessages = { unpacked, packed };
})();
