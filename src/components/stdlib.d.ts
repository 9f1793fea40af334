/** What Framework brings to pages without a package, as far as our components use it. */
declare module "observablehq:stdlib" {
  interface File {
    readonly href: string;
    json(): Promise<unknown>;
  }
  export function FileAttachment(name: string): File;
}
