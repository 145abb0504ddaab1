import { z } from "zod";

/** A list that nobody changes: commands hand out what they hold, and that is `readonly`. */
export function list<T extends z.ZodType>(item: T) {
  return z.array(item).readonly();
}
