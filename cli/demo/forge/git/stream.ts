/** Reading the answers of a long-lived git process: lines, and counted bytes. */

export interface BufferedStream {
  /** Up to the next LF, without it. */
  line(): Promise<string>;
  take(size: number): Promise<Buffer>;
}

export function bufferStream(stream: ReadableStream<Uint8Array>): BufferedStream {
  const reader = stream.getReader();
  let pending = Buffer.alloc(0);

  /** Reads on until `size` bytes are there; joins the chunks once, not one by one (a model is megabytes). */
  async function fill(size: number): Promise<void> {
    const chunks: Uint8Array[] = [pending];
    let length = pending.length;
    while (length < size) {
      const { done, value } = await reader.read();
      if (done) throw new Error("a git process ended while it was still needed");
      chunks.push(value);
      length += value.length;
    }
    if (chunks.length > 1) pending = Buffer.concat(chunks);
  }

  async function take(size: number): Promise<Buffer> {
    await fill(size);
    const bytes = pending.subarray(0, size);
    pending = pending.subarray(size);
    return bytes;
  }

  return {
    take,
    async line() {
      let end = pending.indexOf(10);
      while (end === -1) {
        await fill(pending.length + 1);
        end = pending.indexOf(10);
      }
      const text = (await take(end)).toString("utf8");
      await take(1);
      return text;
    },
  };
}
