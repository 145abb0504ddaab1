/** Cuts a failing history down: steps are left out, one after the other, as long as it goes on failing. */
export async function shrink(
  length: number,
  fails: (places: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  let places = Array.from({ length }, (_, at) => at);
  for (const place of [...places].reverse()) {
    const fewer = places.filter((other) => other !== place);
    if (fewer.length > 0 && (await fails(fewer))) places = fewer;
  }
  return places;
}
