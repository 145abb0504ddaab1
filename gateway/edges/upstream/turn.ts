/** Does something later in this turn of the event loop. */
export type AtEnd = (work: () => void) => void;

/**
 * At the end of a turn, when all that had come until then has been heard, everything is done in one go. So it is what is written
 * to others: a write by itself wakes its reader for one message, which costs both sides more than the message.
 */
export function createTurns(): AtEnd {
  let due: (() => void)[] = [];
  function doAll(): void {
    const works = due;
    due = [];
    for (const work of works) work();
  }
  return (work) => {
    if (due.push(work) === 1) setImmediate(doAll);
  };
}
