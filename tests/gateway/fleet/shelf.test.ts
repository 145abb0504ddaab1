import { expect, test } from "bun:test";
import { LateLoad } from "../../../gateway/fleet/load-version.ts";
import { createShelf, type Order } from "../../../gateway/fleet/shelf.ts";
import { loadedOf } from "../../support/fleet.ts";
import { settled } from "../../support/manual-clock.ts";

/** A shelf with room for two versions, and orders by name. */
function rig() {
  const [open, told] = [new Set<string>(), [] as unknown[]];
  const shelf = createShelf(
    () => {},
    (error) => void told.push(error),
  );
  function order(key: string, more: Partial<Order> & { readonly closing?: () => Promise<unknown> } = {}): Order {
    const close = async (): Promise<void> => {
      await more.closing?.();
      open.delete(key);
    };
    const load = () => (open.add(key), Promise.resolve({ ...loadedOf(1), close }));
    return { key, bytes: 1, isServing: false, load, ...more };
  }
  async function want(...orders: readonly Order[]): Promise<readonly string[]> {
    shelf.want({ keys: new Set(orders.map(({ key }) => key)), orders, limitBytes: 2 });
    await settled();
    return [...open];
  }
  return { shelf, order, want, open, told };
}

test("a version is loaded when all that is open leaves room for it, and at once where it gets traffic", async () => {
  const { order, want } = rig();
  const busy = Promise.withResolvers<void>();
  expect(await want(order("a", { closing: () => busy.promise }), order("b"))).toEqual(["a", "b"]);
  expect(await want(order("b"), order("c"))).toEqual(["a", "b"]);
  expect(await want(order("b"), order("c"), order("now", { isServing: true }))).toEqual(["a", "b", "now"]);
  busy.resolve();
  expect(await want(order("b"), order("c"))).toEqual(["b", "c"]);
});

test("a load that was given up takes its room until it ends, and what comes of it is closed once", async () => {
  const { shelf, order, want, open } = rig();
  const loading = Promise.withResolvers<ReturnType<typeof loadedOf>>();
  const problem = { code: "model-load-timeout", message: "was not loaded", hint: "try again" };
  const late = order("late", { bytes: 2, load: () => Promise.reject(new LateLoad(problem, loading.promise)) });
  await want(late);
  expect(shelf.find("late")).toMatchObject({ kind: "failed", problems: [problem] });
  expect(await want(order("a"))).toEqual([]);
  await shelf.quiet(); // nobody knows when there will be room
  let closes = 0;
  loading.resolve({ ...loadedOf(1), close: async () => void closes++ });
  await settled();
  expect([closes, [...open]]).toEqual([1, ["a"]]);
});

test("what waits for room and gets traffic before there is any is loaded", async () => {
  const { order, want } = rig();
  const closing = () => new Promise<never>(() => {});
  await want(order("a", { bytes: 2, closing }));
  expect(await want(order("b"))).toEqual(["a"]);
  expect(await want(order("b", { isServing: true }))).toEqual(["a", "b"]);
});

test("a version that cannot be closed is told, and holds up no other", async () => {
  const { shelf, order, want, open, told } = rig();
  const stuck = new Error("it will not go");
  await want(order("a", { closing: () => Promise.reject(stuck) }), order("b"));
  expect(await want(order("c"))).toEqual(["a", "c"]);
  await shelf.close();
  expect([[...open], told]).toEqual([["a"], [stuck]]);
});
