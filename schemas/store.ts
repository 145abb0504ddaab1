/** Whether an artifact store is a folder of the repository; one with a scheme (`file:///dir`, `s3://bucket`) is outside. */
export function isInRepository(store: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:/i.test(store);
}

/** The path in the repository, or the address, at which a store keeps a key. */
export function storePath(store: string, key: string): string {
  return `${store.replace(/\/+$/, "")}/${key}`;
}
