/** The scripts are imported as text, so that they are in a single-file executable as well. */
declare module "*.bash" {
  const text: string;
  export = text;
}

declare module "*.zsh" {
  const text: string;
  export = text;
}

declare module "*.fish" {
  const text: string;
  export = text;
}
