/** A body as it comes in. */
export interface BodyBytes {
  size: number;
  /** Of which the first `size` bytes are the body. */
  room: Uint8Array;
}

const nothing = new Uint8Array(0);

/**
 * Joins the pieces of a body in time and memory proportional to its length, however small they are: the room doubles when it
 * is full. What a peer announces takes no memory before it comes.
 */
export function newBodyBytes(): BodyBytes {
  return { size: 0, room: nothing };
}

/** The bytes are kept, not copied, where they turn out to be the whole body. */
export function addBytes(body: BodyBytes, bytes: Uint8Array): void {
  if (body.size === 0) body.room = bytes;
  else {
    if (body.size + bytes.length > body.room.length) {
      const larger = new Uint8Array(Math.max(4096, 2 * body.room.length, body.size + bytes.length));
      larger.set(body.room.subarray(0, body.size));
      body.room = larger;
    }
    body.room.set(bytes, body.size);
  }
  body.size += bytes.length;
}

export function wholeBody({ size, room }: BodyBytes): Uint8Array {
  return size === room.length ? room : room.subarray(0, size);
}
