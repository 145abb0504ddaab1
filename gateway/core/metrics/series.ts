/** Values of a metric's labels: a model, a number (a version, a status), a word (a phase, a reason; "" for none). */
export interface Labels {
  readonly model: string;
  /** null: `_other`. */
  readonly number: number | null;
  readonly word: string;
}

/** One cell for each combination of labels; finding it makes nothing. */
export interface Series<Cell> {
  of(model: string, number: number, word: string): Cell;
  /** In the order in which they came. */
  entries(): readonly (readonly [Labels, Cell])[];
}

/** Stands for everything above the limit; no model can have this name. */
export const other = "_other";

/**
 * At most `limit` cells. When there is no room, those that `isLive` does not know any more make some; what finds none even
 * then shares one cell for each word, under `_other`.
 */
export function createSeries<Cell>(options: {
  readonly make: () => Cell;
  readonly limit: number;
  readonly isLive: (model: string, number: number) => boolean;
}): Series<Cell> {
  const { make, limit, isLive } = options;
  const byModel = new Map<string, Map<number, Map<string, Cell>>>();
  const others = new Map<string, Cell>();
  let entries: (readonly [Labels, Cell])[] = [];
  let size = 0;
  /** What shares a cell: it is looked at again when there may be room. */
  let sharing: Labels[] = [];

  function forget({ model, number }: Labels): void {
    if (number === null) return;
    const numbers = byModel.get(model);
    numbers?.delete(number);
    if (numbers?.size === 0) byModel.delete(model);
  }

  function makeRoom(): void {
    const isGone = ({ model, number }: Labels): boolean => number !== null && !isLive(model, number);
    const gone = entries.filter(([labels]) => isGone(labels));
    if (gone.length === 0) return;
    for (const [labels] of gone) forget(labels);
    for (const labels of sharing) forget(labels);
    sharing = [];
    entries = entries.filter(([labels]) => !isGone(labels));
    // A version that is still there in another phase was forgotten with one that shared a cell.
    for (const [{ model, number, word }, cell] of entries) if (number !== null) place(model, number, word, cell);
    size = entries.length - others.size;
  }

  function place(model: string, number: number, word: string, cell: Cell): Cell {
    const numbers = byModel.get(model) ?? new Map<number, Map<string, Cell>>();
    const words = numbers.get(number) ?? new Map<string, Cell>();
    byModel.set(model, numbers.set(number, words.set(word, cell)));
    return cell;
  }

  function add(model: string, number: number, word: string): Cell {
    if (size >= limit) makeRoom();
    const labels = { model, number, word };
    if (size >= limit) {
      sharing.push(labels);
      return place(model, number, word, others.get(word) ?? addOther(word));
    }
    size++;
    const cell = make();
    entries.push([labels, cell]);
    return place(model, number, word, cell);
  }

  function addOther(word: string): Cell {
    const cell = make();
    others.set(word, cell);
    entries.push([{ model: other, number: null, word }, cell]);
    return cell;
  }

  return {
    of: (model, number, word) => byModel.get(model)?.get(number)?.get(word) ?? add(model, number, word),
    entries: () => entries,
  };
}
