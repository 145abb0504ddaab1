/** The part of s3rver that the tests use; it brings no types of its own. */
declare module "s3rver" {
  interface Options {
    readonly port: number;
    readonly address: string;
    readonly silent: boolean;
    readonly directory: string;
    readonly configureBuckets: readonly { readonly name: string }[];
  }
  const S3rver: new (options: Options) => { run(): Promise<{ readonly port: number }>; close(): Promise<void> };
  // oxlint-disable-next-line import/no-default-export -- it is how the package is made
  export default S3rver;
}
